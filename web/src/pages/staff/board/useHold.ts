import { type PointerEvent, useRef, useState } from 'react';

// A thumb that just let go may come down again on the same row.
const TOUCH_MS = 4000;

/** Keeps a list's rows in place while a pointer is on it; `letIn` takes the list as it is now. */
export function useHold(present: readonly { id: string }[]) {
  const [held, setHeld] = useState<string[] | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const ids = () => present.map((one) => one.id);
  const stay = () => {
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = null;
  };
  const hold = () => {
    stay();
    setHeld((before) => before ?? ids());
  };
  const letGo = () => {
    stay();
    setHeld(null);
  };
  const isMouse = (event: PointerEvent) => event.pointerType === 'mouse';
  return {
    held,
    letIn: () => setHeld((before) => (before === null ? null : ids())),
    handlers: {
      onPointerEnter: (event: PointerEvent) => isMouse(event) && hold(),
      onPointerLeave: (event: PointerEvent) => isMouse(event) && letGo(),
      onPointerDown: (event: PointerEvent) => !isMouse(event) && hold(),
      onPointerUp: (event: PointerEvent) => {
        if (isMouse(event)) return;
        stay();
        timer.current = setTimeout(letGo, TOUCH_MS);
      },
    },
  };
}
