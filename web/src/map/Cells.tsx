import type { GeoJSONSource, MapLayerMouseEvent } from 'maplibre-gl';
import { useEffect } from 'react';
import { type Scheme, stateTones, surfaces } from '../ui/tokens';
import { useMap } from './context';

/** Below this zoom the city is hexes, above it dots. */
export const NEAR_ZOOM = 11;

export type Hex = {
  id: string;
  /** Corners as longitude and latitude. */
  boundary: readonly (readonly number[])[];
  /** Its text. */
  text: string;
  /** Whether an order waits in it. */
  waits: boolean;
  /** Waiting orders per free crew. */
  heat: number;
};

const collection = (hexes: readonly Hex[]) => ({
  type: 'FeatureCollection' as const,
  features: hexes.map(({ id, boundary, text, waits, heat }) => ({
    type: 'Feature' as const,
    geometry: {
      type: 'Polygon' as const,
      coordinates: [[...boundary, ...boundary.slice(0, 1)].map((corner) => [...corner])],
    },
    properties: { id, text, waits, heat },
  })),
});

/** The city from afar: a hex shows how many orders wait and how many crews are free; as heat it is coloured by their ratio. */
export function Cells({ hexes, heat }: { hexes: readonly Hex[]; heat: boolean }) {
  const { map, scheme } = useMap();
  useEffect(() => {
    const ground = surfaces[scheme];
    map.addSource('cells', { type: 'geojson', data: collection([]) });
    map.addLayer({
      id: 'cells',
      type: 'fill',
      source: 'cells',
      maxzoom: NEAR_ZOOM,
      paint: { 'fill-color': ground.surface, 'fill-opacity': 0.75 },
    });
    map.addLayer({
      id: 'cells-line',
      type: 'line',
      source: 'cells',
      maxzoom: NEAR_ZOOM,
      paint: { 'line-color': ground.line, 'line-width': 1 },
    });
    map.addLayer({
      id: 'cells-text',
      type: 'symbol',
      source: 'cells',
      minzoom: 9,
      maxzoom: NEAR_ZOOM,
      layout: {
        'text-field': ['get', 'text'],
        'text-font': ['Inter Variable', 'Vazirmatn Variable'],
        'text-size': 12,
        'text-line-height': 1.3,
      },
      paint: { 'text-color': ground.ink, 'text-halo-color': ground.surface, 'text-halo-width': 2 },
    });
    // A press on a hex zooms to its dots.
    const open = (event: MapLayerMouseEvent) => map.easeTo({ center: event.lngLat, zoom: NEAR_ZOOM + 1.5 });
    map.on('click', 'cells', open);
    return () => {
      map.off('click', 'cells', open);
      for (const id of ['cells-text', 'cells-line', 'cells']) if (map.style && map.getLayer(id)) map.removeLayer(id);
      if (map.style && map.getSource('cells')) map.removeSource('cells');
    };
  }, [map, scheme]);

  useEffect(() => {
    const paint = heat ? byHeat(scheme) : byWaiting(scheme);
    map.setPaintProperty('cells', 'fill-color', paint);
  }, [map, scheme, heat]);

  useEffect(() => {
    map.getSource<GeoJSONSource>('cells')?.setData(collection(hexes));
    map.getContainer().dataset.cells = String(hexes.length);
  }, [map, hexes]);

  useEffect(() => {
    const mark = () => {
      map.getContainer().dataset.far = String(map.getZoom() < NEAR_ZOOM);
    };
    mark();
    map.on('zoom', mark);
    return () => {
      map.off('zoom', mark);
    };
  }, [map]);
  return null;
}

const byWaiting = (scheme: Scheme) =>
  ['case', ['get', 'waits'], stateTones[scheme].CREATED.tint, surfaces[scheme].surface] as never;

const byHeat = (scheme: Scheme) => {
  const { DELIVERED, CREATED, DELIVERY_FAILED } = stateTones[scheme];
  const steps = [0, DELIVERED.tint, 0.5, CREATED.tint, 1, CREATED.dot, 3, DELIVERY_FAILED.dot];
  return ['interpolate', ['linear'], ['get', 'heat'], ...steps] as never;
};
