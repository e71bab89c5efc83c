import { useMemo } from 'react';
import { isOver } from '../../../domain/orders';
import { type Board, type Trouble, troubleOf } from '../../../domain/staff';
import type { Positions } from '../../../live';
import { useNow } from '../../../ui';
import { useDots } from '../crews/useCrews';

/** What needs attention now, by order. */
export function useTroubles(board: Board | undefined, positions: Positions): ReadonlyMap<string, Trouble> {
  const now = useNow();
  const version = useDots(positions);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` stands for what the positions hold
  const silent = useMemo(
    () => new Set(positions.all().flatMap((dot) => (dot.status === 'stale' ? [dot.id] : []))),
    [positions, version],
  );
  return useMemo(() => {
    const troubles = new Map<string, Trouble>();
    for (const card of Object.values(board?.cards ?? {})) {
      const trouble = isOver(card.status) ? null : troubleOf(card, now, silent);
      if (trouble) troubles.set(card.id, trouble);
    }
    return troubles;
  }, [board, now, silent]);
}
