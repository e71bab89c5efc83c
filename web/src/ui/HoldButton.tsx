import { Button, type ButtonProps } from '@mantine/core';
import { type ReactNode, useRef, useState } from 'react';
import classes from './hold.module.css';

const HOLD_MS = 600;

type Props = Omit<ButtonProps, 'children'> & { onHeld: () => void; children: ReactNode; 'data-act'?: string };

/** Acts when held for 0.6 s, so that it is not pressed in a pocket. A key press counts at once: a keyboard is not in a pocket. */
export function HoldButton({ onHeld, children, disabled, loading, ...rest }: Props) {
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const [held, setHeld] = useState(false);
  const stop = () => {
    if (timer.current !== null) clearTimeout(timer.current);
    timer.current = null;
    setHeld(false);
  };
  const start = () => {
    if (disabled || loading) return;
    setHeld(true);
    timer.current = setTimeout(() => {
      stop();
      onHeld();
    }, HOLD_MS);
  };
  return (
    <Button
      {...rest}
      disabled={disabled ?? false}
      loading={loading ?? false}
      className={classes.hold}
      data-held={held || undefined}
      onPointerDown={start}
      onPointerUp={stop}
      onPointerLeave={stop}
      onPointerCancel={stop}
      onContextMenu={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if ((event.key === 'Enter' || event.key === ' ') && !event.repeat && !disabled && !loading) {
          event.preventDefault();
          onHeld();
        }
      }}
      // Screen readers and switch devices click without a pointer (detail 0).
      onClick={(event) => {
        if (event.detail === 0 && !disabled && !loading && event.nativeEvent.isTrusted) onHeld();
      }}
    >
      {children}
    </Button>
  );
}
