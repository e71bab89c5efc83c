import type { Map as GlMap } from 'maplibre-gl';
import { createContext, useContext } from 'react';
import type { Scheme } from '../ui/tokens';

/** A loaded map and the theme it was made in: another theme is another map. */
export type LoadedMap = { map: GlMap; scheme: Scheme };
export const MapContext = createContext<LoadedMap | null>(null);

/** The map around a layer: layers exist only inside a loaded one. */
export function useMap(): LoadedMap {
  const loaded = useContext(MapContext);
  if (loaded === null) throw new Error('a layer needs a map around it');
  return loaded;
}
