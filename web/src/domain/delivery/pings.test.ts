import { expect, it } from 'vitest';
import { Pings } from './pings';

const here = { lat: 28.5, lng: 26.5, accuracy_m: 5, mock: false };

it('a fix counts as sent once it was sent, not before', () => {
  let line = false;
  const pings = new Pings({ send: () => line });
  pings.send(here);
  expect(pings.now()).toEqual({ fix: here, at: null, byRest: false });
  line = true;
  pings.send(here);
  const sent = pings.now();
  expect(sent.at).not.toBeNull();
  line = false;
  pings.send({ ...here, lat: 28.6 });
  expect(pings.now()).toEqual({ ...sent, fix: { ...here, lat: 28.6 } });
  pings.stop();
});
