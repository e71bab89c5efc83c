import { useEffect, useRef } from 'react';

/** Puts the focus on what stands for an order or a crew in the lists; on the map where no list is. */
export function focusOn(id: string) {
  const rows = `:not([data-drawer])[data-id="${CSS.escape(id)}"]`;
  const row = document.querySelector<HTMLElement>(`main :is(${rows} button, button${rows})`);
  (row ?? document.querySelector<HTMLElement>('main .maplibregl-canvas'))?.focus();
}

/** When a drawer closes, the focus goes back to where it was opened from. */
export function useFocusBack(chosen: string | undefined) {
  const before = useRef(chosen);
  useEffect(() => {
    const last = before.current;
    before.current = chosen;
    // Whoever has moved on meanwhile stays there.
    if (last && !chosen && document.activeElement === document.body) focusOn(last);
  }, [chosen]);
}
