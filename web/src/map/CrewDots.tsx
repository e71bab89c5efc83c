import type { GeoJSONSource, MapLayerMouseEvent } from 'maplibre-gl';
import { useEffect, useRef } from 'react';
import type { Positions } from '../live';
import { stateTones, surfaces } from '../ui/tokens';
import { NEAR_ZOOM } from './Cells';
import { useMap } from './context';

// Few dots are drawn ten times a second, very many once a second: software GL cannot do more.
const MANY = 800;
const OLD_MS = 60_000;

type Props = { positions: Positions; chosen: string | null; follows: boolean; onChoose: (id: string) => void };

/** Crews as dots: free hollow, busy filled, silent grey. Drawn by one loop outside React. */
export function CrewDots({ positions, chosen, follows, onChoose }: Props) {
  const { map, scheme } = useMap();
  const choose = useRef(onChoose);
  choose.current = onChoose;
  const looked = useRef({ chosen, follows });
  looked.current = { chosen, follows };

  useEffect(() => {
    const ground = surfaces[scheme];
    const busy = stateTones[scheme].PROCESSING.dot;
    const free = stateTones[scheme].DELIVERED.dot;
    map.addSource('crews', { type: 'geojson', data: { type: 'FeatureCollection', features: [] } });
    map.addLayer({
      id: 'crews',
      type: 'circle',
      source: 'crews',
      minzoom: NEAR_ZOOM,
      paint: {
        'circle-radius': ['case', ['get', 'chosen'], 11, 7],
        'circle-color': ['match', ['get', 'look'], 'busy', busy, 'free', ground.surface, ground.land],
        'circle-stroke-width': ['case', ['get', 'chosen'], 4, 3],
        'circle-stroke-color': ['match', ['get', 'look'], 'busy', ground.surface, 'free', free, ground.line],
        'circle-opacity': ['get', 'shade'],
      },
    });
    const pressed = (event: MapLayerMouseEvent) => {
      const id = event.features?.[0]?.properties?.id;
      if (typeof id === 'string') choose.current(id);
    };
    const over = () => {
      map.getCanvas().style.cursor = 'pointer';
    };
    const out = () => {
      map.getCanvas().style.cursor = '';
    };
    map.on('click', 'crews', pressed);
    map.on('mouseenter', 'crews', over);
    map.on('mouseleave', 'crews', out);

    let drawnVersion = -1;
    let drawnAt = 0;
    let drawnChosen: string | null = null;
    let moving = true;
    let frame = 0;
    const draw = (now: number) => {
      frame = requestAnimationFrame(draw);
      const pause = positions.all().length > MANY ? 1000 : 100;
      if (now - drawnAt < pause) return;
      // Dots fade with age even when nothing moves.
      const aged = now - drawnAt > 2000;
      if (!moving && !aged && drawnVersion === positions.version && drawnChosen === looked.current.chosen) return;
      drawnAt = now;
      drawnVersion = positions.version;
      drawnChosen = looked.current.chosen;
      const { shown, moving: more } = positions.frame();
      moving = more;
      map.getSource<GeoJSONSource>('crews')?.setData({
        type: 'FeatureCollection',
        features: shown.map((dot) => ({
          type: 'Feature',
          geometry: { type: 'Point', coordinates: [dot.lng, dot.lat] },
          properties: {
            id: dot.id,
            chosen: dot.id === drawnChosen,
            look: dot.age > OLD_MS || dot.status === 'stale' ? 'silent' : dot.status,
            shade: dot.age < 10_000 ? 1 : dot.age < OLD_MS ? 0.65 : 0.4,
          },
        })),
      });
      map.getContainer().dataset.drawn = String(shown.length);
      const followed = looked.current.follows ? shown.find((dot) => dot.id === drawnChosen) : undefined;
      if (followed) map.easeTo({ center: [followed.lng, followed.lat], duration: 300 });
    };
    frame = requestAnimationFrame(draw);
    return () => {
      cancelAnimationFrame(frame);
      map.off('click', 'crews', pressed);
      map.off('mouseenter', 'crews', over);
      map.off('mouseleave', 'crews', out);
      if (map.style && map.getLayer('crews')) map.removeLayer('crews');
      if (map.style && map.getSource('crews')) map.removeSource('crews');
    };
  }, [map, scheme, positions]);
  return null;
}
