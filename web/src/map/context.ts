import type { Map as GlMap } from 'maplibre-gl';
import { createContext, useContext } from 'react';
import type { Scheme } from '../ui/tokens';

/** A loaded map and the theme it was made in: another theme is another map. */
export type Held = { map: GlMap; scheme: Scheme };
export const MapContext = createContext<Held | null>(null);

/** The map around; layers live only inside one that has loaded. */
export function useMap(): Held {
  const held = useContext(MapContext);
  if (held === null) throw new Error('a layer stands inside a map');
  return held;
}
