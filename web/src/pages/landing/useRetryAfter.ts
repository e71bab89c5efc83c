import { useEffect, useState } from 'react';
import { ApiError } from '../../api/problem';

/** Seconds until a repeat is allowed, after a 429 or 503 that names them; counts down to 0. */
export function useRetryAfter(error: unknown): number {
  const [left, setLeft] = useState(0);
  useEffect(() => {
    const wait = error instanceof ApiError ? (error.retryAfter ?? 0) : 0;
    setLeft(wait);
    if (wait === 0) return;
    const until = Date.now() + wait * 1000;
    const timer = setInterval(() => {
      const rest = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      setLeft(rest);
      if (rest === 0) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  }, [error]);
  return left;
}
