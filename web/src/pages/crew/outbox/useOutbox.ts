import { createContext, useContext, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { newKey } from '../../../api/client';
import { type CrewCommand, type CrewState, type Made, type Outcome, perform } from '../../../domain/delivery';
import { clock, type Live, positionIn, useFeeds } from '../../../live';
import { Outbox, type OutboxState, type QUEUED } from '../../../live/outbox';

export type Commands = {
  state: OutboxState<CrewCommand>;
  /** Sends a command that can wait for the line: resolves to its outcome, or `QUEUED`. Errors: `ApiError`. */
  send: (make: (made: Made) => CrewCommand) => Promise<Outcome | typeof QUEUED>;
  /** Removes a refused command that was read. */
  dismiss: (id: string) => void;
};

/** The outbox of the signed-in crew; what was sent is applied to their jobs at once. */
export function useOutbox(user: string, crew: Live<CrewState>): Commands {
  const client = useFeeds()?.client ?? null;
  const [outbox, setOutbox] = useState<Outbox<CrewCommand, Outcome> | null>(null);
  useEffect(() => {
    if (client === null || user === '') return;
    const made = new Outbox(user, client, perform);
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
      outbox?.onSent((_, { live, change }) => {
        const position = positionIn(live, `crew:${user}`);
        // A repeated answer may be older than the messages received since.
        if (position === null || position.offset > known) patch(change);
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
      dismiss: (id) => outbox?.dismiss(id),
    }),
    [state, outbox],
  );
}

const never = () => () => undefined;
const none: OutboxState<CrewCommand> = { stored: [], sent: [], sending: null, awaited: new Set() };
const nothing = () => none;

export const CommandsContext = createContext<Commands | null>(null);

export function useCommands(): Commands {
  const commands = useContext(CommandsContext);
  if (commands === null) throw new Error('commands are sent inside the crew page');
  return commands;
}
