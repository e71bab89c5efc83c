import { useEffect, useRef } from 'react';
import { boundsOf } from './BaseMap';
import { useMap } from './context';
import type { Point } from './index';

/** Shows all points once, and again when `of` changes, so that a map that a person moved stays where it is. */
export function Fit({ points, of, maxZoom = 16 }: { points: readonly Point[]; of: string; maxZoom?: number }) {
  const { map } = useMap();
  const done = useRef<string | null>(null);
  useEffect(() => {
    const bounds = boundsOf(points);
    if (bounds === null || done.current === of) return;
    done.current = of;
    map.fitBounds(bounds, { padding: 56, maxZoom, animate: false });
  }, [map, points, of, maxZoom]);
  return null;
}
