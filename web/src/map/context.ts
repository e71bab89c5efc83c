import type { Map as GlMap } from 'maplibre-gl';
import { createContext, useContext } from 'react';

export const MapContext = createContext<GlMap | null>(null);

/** The map around; layers live only inside one that has loaded. */
export function useMap(): GlMap {
  const map = useContext(MapContext);
  if (map === null) throw new Error('a layer stands inside a map');
  return map;
}
