import { useEffect, useRef } from 'react';

/** Focuses the row of an order or a crew; the map where there is no list. */
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
    // A person who has moved the focus meanwhile keeps it there.
    if (last && !chosen && document.activeElement === document.body) focusOn(last);
  }, [chosen]);
}
