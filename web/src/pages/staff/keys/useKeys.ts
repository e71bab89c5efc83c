import { useEffect, useRef } from 'react';

type Keys = {
  search: () => void;
  view: (view: 'board' | 'map') => void;
  cards: string[];
  chosen: string | null;
  choose: (id: string) => void;
  close: () => void;
  follow: () => void;
  help: () => void;
};

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable], [role=dialog]') !== null;

/** The keys of the board; silent while somebody types. */
export function useKeys(keys: Keys) {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const now = latest.current;
      if (typing(event.target)) {
        if (event.key === 'Escape') (event.target as HTMLElement).blur();
        return;
      }
      const at = now.chosen === null ? -1 : now.cards.indexOf(now.chosen);
      const step = (by: number) => {
        const next = now.cards[at === -1 ? (by > 0 ? 0 : now.cards.length - 1) : at + by];
        if (next) now.choose(next);
      };
      const act = new Map<string, () => void>([
        ['/', now.search],
        ['b', () => now.view('board')],
        ['m', () => now.view('map')],
        ['j', () => step(1)],
        ['ArrowDown', () => step(1)],
        ['k', () => step(-1)],
        ['ArrowUp', () => step(-1)],
        ['f', now.follow],
        ['r', () => document.querySelector<HTMLButtonElement>('[data-drawer=order] [data-act=reassign]')?.click()],
        ['?', now.help],
        ['Escape', now.close],
      ]);
      const chosen = act.get(event.key);
      // Arrows move the map while it has the focus.
      if (!chosen || (event.key.startsWith('Arrow') && event.target instanceof HTMLCanvasElement)) return;
      event.preventDefault();
      chosen();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}
