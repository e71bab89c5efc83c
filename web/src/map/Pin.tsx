import { IconBuildingStore, IconHome, IconMoped } from '@tabler/icons-react';
import { Marker } from 'maplibre-gl';
import { useEffect, useRef, useState } from 'react';
import { createPortal } from 'react-dom';
import { useMap } from './context';
import { Glide } from './glide';
import classes from './map.module.css';

const icons = { home: IconHome, shop: IconBuildingStore, crew: IconMoped, me: null };

type Props = {
  kind: keyof typeof icons;
  lat: number;
  lng: number;
  title: string;
  /** Device time of the fix, ms: the pin moves over the time that really passed. Absent: it does not move. */
  at?: number;
  old?: boolean;
  onDrag?: (lat: number, lng: number) => void;
};

/** One thing on the map: a shop, a home, a crew. */
export function Pin({ kind, lat, lng, title, at, old = false, onDrag }: Props) {
  const { map } = useMap();
  const [element] = useState(() => document.createElement('div'));
  const marker = useRef<Marker | null>(null);
  const glide = useRef(new Glide());
  const dragged = useRef(onDrag);
  dragged.current = onDrag;
  const draggable = onDrag !== undefined;

  // biome-ignore lint/correctness/useExhaustiveDependencies: where it begins; the next effect moves it
  useEffect(() => {
    const made = new Marker({ element, draggable }).setLngLat([lng, lat]).addTo(map);
    made.on('dragend', () => dragged.current?.(made.getLngLat().lat, made.getLngLat().lng));
    marker.current = made;
    return () => {
      made.remove();
    };
  }, [map, element, draggable]);

  useEffect(() => {
    if (at === undefined) {
      marker.current?.setLngLat([lng, lat]);
      return;
    }
    return glide.current.to(lat, lng, at, (y, x) => marker.current?.setLngLat([x, y]));
  }, [lat, lng, at]);

  const Icon = icons[kind];
  return createPortal(
    <span
      className={classes.marker}
      data-kind={kind}
      data-old={old || undefined}
      role="img"
      aria-label={title}
      title={title}
    >
      {Icon && <Icon size={18} aria-hidden />}
    </span>,
    element,
  );
}
