import { createContext, useContext, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { newKey } from '../../../api/client';
import { answered, type CrewState } from '../../../domain/delivery';
import { clock, type Live, useFeeds } from '../../../live';
import { positionIn } from '../../../live/entry';
import { Outbox, type OutboxState } from '../../../live/outbox';
import type { Deed } from '../../../live/queue';

type Make = (made: { id: string; at: string }) => Deed;
export type Deeds = {
  state: OutboxState;
  /** Does what can wait for the line: its answer, or `WAITS`. Errors: the `Refusal`. */
  send: (make: Make) => Promise<unknown>;
  forget: (id: string) => void;
};

/** The outbox of the signed-in crew; what was sent is laid over their jobs at once. */
export function useOutbox(user: string, crew: Live<CrewState>): Deeds {
  const client = useFeeds()?.client ?? null;
  const [outbox, setOutbox] = useState<Outbox | null>(null);
  useEffect(() => {
    if (client === null || user === '') return;
    const made = new Outbox(user, client);
    setOutbox(made);
    return () => {
      made.close();
      setOutbox(null);
    };
  }, [client, user]);
  const { patch } = crew;
  const known = crew.at?.offset ?? 0;
  useEffect(
    () =>
      outbox?.onDone((deed, answer) => {
        const said = positionIn((answer as CrewState).live, `crew:${user}`);
        // A repeated answer may be older than what was heard since.
        if (said !== null && said.offset <= known) return;
        patch((data) => answered(data, deed, answer));
      }),
    [outbox, user, patch, known],
  );
  const state = useSyncExternalStore(outbox?.subscribe ?? never, outbox?.now ?? nothing);
  return useMemo(
    () => ({
      state,
      send: (make) => {
        if (outbox === null) return Promise.reject(new Error('the page is not ready'));
        return outbox.send(make({ id: newKey(), at: new Date(clock.now()).toISOString() }));
      },
      forget: (id) => outbox?.forget(id),
    }),
    [state, outbox],
  );
}

const never = () => () => undefined;
const none: OutboxState = { kept: [], sent: [], sending: null, asked: new Set() };
const nothing = () => none;

export const DeedsContext = createContext<Deeds | null>(null);

export function useDeeds(): Deeds {
  const deeds = useContext(DeedsContext);
  if (deeds === null) throw new Error('a deed is done inside the crew page');
  return deeds;
}
