import { useSyncExternalStore } from 'react';
import { clock } from '../live/clock';

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;
let second = Math.floor(clock.now() / 1000);

function subscribe(listener: () => void) {
  listeners.add(listener);
  timer ??= setInterval(() => {
    second = Math.floor(clock.now() / 1000);
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
    }
  };
}

/** The server's time in ms, updated every second by one timer for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => second) * 1000;
}
