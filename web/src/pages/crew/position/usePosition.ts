import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { type Fix, Pings, type Spot, towards } from '../../../domain/delivery';
import { useFeeds } from '../../../live';
import { ofSlot } from '../../../session/slots';

export const SOURCES = ['device', 'pad'] as const;
export type Source = (typeof SOURCES)[number];
const RIDE_MPS = 12;
// A crew that stands still goes on sending: silence would look like a lost phone.
const STANDING_TICKS = 8;

const remembered = (): Source => (localStorage.getItem(ofSlot('position')) === 'device' ? 'device' : 'pad');

/** The crew's own position, from the device or from the ride pad; sent while on duty. */
export function usePosition(onDuty: boolean, duty: number | null, last: Spot | null) {
  const client = useFeeds()?.client ?? null;
  const pings = useMemo(() => (client ? new Pings(client) : null), [client]);
  useEffect(() => () => pings?.stop(), [pings]);
  useEffect(() => {
    if (pings) pings.duty = duty;
  }, [pings, duty]);
  const sent = useSyncExternalStore(pings?.subscribe ?? never, pings?.now ?? nothing);
  const [source, setSource] = useState<Source>(remembered);
  const [denied, setDenied] = useState(false);
  const [target, setTarget] = useState<Spot | null>(null);
  const spot = useRef<Spot | null>(null);
  spot.current ??= last;

  useEffect(() => {
    if (!onDuty || source !== 'device' || pings === null) return;
    if (!navigator.geolocation) {
      setDenied(true);
      return;
    }
    const watch = navigator.geolocation.watchPosition(
      ({ coords }) => {
        setDenied(false);
        const { latitude: lat, longitude: lng, accuracy: accuracy_m, heading: heading_deg, speed: speed_mps } = coords;
        pings.send({ lat, lng, accuracy_m, heading_deg, speed_mps, mock: false });
      },
      () => setDenied(true),
      { enableHighAccuracy: true, maximumAge: 2000 },
    );
    return () => navigator.geolocation.clearWatch(watch);
  }, [onDuty, source, pings]);

  useEffect(() => {
    if (!onDuty || source !== 'pad' || pings === null) return;
    let standing = STANDING_TICKS;
    const timer = setInterval(() => {
      const from = spot.current;
      if (from === null) return;
      if (target !== null) {
        const next = towards(from, target, RIDE_MPS);
        spot.current = { lat: next.lat, lng: next.lng };
        pings.send(pad(spot.current, next.heading, next.arrived ? 0 : RIDE_MPS));
        if (next.arrived) setTarget(null);
        standing = 0;
      } else if (++standing >= STANDING_TICKS) {
        standing = 0;
        pings.send(pad(from, null, 0));
      }
    }, 1000);
    return () => clearInterval(timer);
  }, [onDuty, source, pings, target]);

  return {
    sent,
    source,
    denied,
    target,
    here: sent.fix ?? last,
    choose(next: Source) {
      localStorage.setItem(ofSlot('position'), next);
      setSource(next);
      setDenied(false);
    },
    ride: setTarget,
    /** Moves there at once. */
    jump(to: Spot) {
      spot.current = to;
      setTarget(null);
      if (onDuty) pings?.send(pad(to, null, 0));
    },
  };
}

export type Position = ReturnType<typeof usePosition>;

const pad = (at: Spot, heading_deg: number | null, speed_mps: number): Fix => ({
  ...at,
  accuracy_m: 5,
  heading_deg,
  speed_mps,
  mock: false,
});
const never = () => () => undefined;
const none = { fix: null, at: null, byRest: false };
const nothing = () => none;
