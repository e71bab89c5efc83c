import { useEffect, useRef } from 'react';

/** Tints an element once whenever `value` changes, but not when it first appears. */
export function useTint<T extends HTMLElement>(value: unknown) {
  const ref = useRef<T>(null);
  const before = useRef(value);
  useEffect(() => {
    if (before.current === value) return;
    before.current = value;
    const element = ref.current;
    if (!element) return;
    element.classList.remove('changed');
    // Reading the size restarts the animation when a second change follows at once.
    void element.offsetWidth;
    element.classList.add('changed');
  }, [value]);
  return ref;
}
