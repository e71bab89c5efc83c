import type { GeoJSONSource } from 'maplibre-gl';
import { useEffect } from 'react';
import { surfaces } from '../ui/tokens';
import { useMap } from './context';

type Point = readonly [lng: number, lat: number];

const line = (points: readonly Point[]) => ({
  type: 'Feature' as const,
  properties: {},
  geometry: { type: 'LineString' as const, coordinates: points.map((point) => [...point]) },
});

/** A line through points: stops in order (dashed), or where a crew was. */
export function Path({ id, points, dashed = false }: { id: string; points: readonly Point[]; dashed?: boolean }) {
  const { map, scheme } = useMap();
  const colour = surfaces[scheme].accent;
  useEffect(() => {
    map.addSource(id, { type: 'geojson', data: line([]) });
    map.addLayer({
      id,
      type: 'line',
      source: id,
      layout: { 'line-cap': 'round', 'line-join': 'round' },
      paint: { 'line-color': colour, 'line-width': 3, ...(dashed ? { 'line-dasharray': [1, 2] } : {}) },
    });
    return () => {
      // The map may have been removed already, with its layers.
      if (map.style && map.getLayer(id)) map.removeLayer(id);
      if (map.style && map.getSource(id)) map.removeSource(id);
    };
  }, [map, id, colour, dashed]);
  useEffect(() => {
    map.getSource<GeoJSONSource>(id)?.setData(line(points));
  }, [map, id, points]);
  return null;
}

/** A circle on the ground, in metres: a position that is only roughly known. */
export function Circle({ id, lat, lng, radius_m }: { id: string; lat: number; lng: number; radius_m: number }) {
  const { map, scheme } = useMap();
  const colour = surfaces[scheme].accent;
  useEffect(() => {
    map.addSource(id, { type: 'geojson', data: ring(lat, lng, radius_m) });
    map.addLayer({
      id,
      type: 'fill',
      source: id,
      paint: { 'fill-color': colour, 'fill-opacity': 0.16, 'fill-outline-color': colour },
    });
    return () => {
      if (map.style && map.getLayer(id)) map.removeLayer(id);
      if (map.style && map.getSource(id)) map.removeSource(id);
    };
  }, [map, id, colour, lat, lng, radius_m]);
  return null;
}

function ring(lat: number, lng: number, radius: number) {
  const perLat = radius / 111_320;
  const perLng = perLat / Math.cos((lat * Math.PI) / 180);
  const coordinates = Array.from({ length: 65 }, (_, i) => {
    const angle = (i / 64) * 2 * Math.PI;
    return [lng + perLng * Math.cos(angle), lat + perLat * Math.sin(angle)];
  });
  return {
    type: 'Feature' as const,
    properties: {},
    geometry: { type: 'Polygon' as const, coordinates: [coordinates] },
  };
}
