//! The map under everything: the city's shapes, the theme, and a list in its place where WebGL is missing.
import { useComputedColorScheme } from '@mantine/core';
import type { GeoJSONSource, Map as GlMap, LngLatBoundsLike, StyleSpecification } from 'maplibre-gl';
import * as maplibregl from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import { type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Held, MapContext } from './context';
import classes from './map.module.css';
import { localise } from './style';

maplibregl.setWorkerUrl(workerUrl);

export type BaseMapProps = {
  /** What the map shows, for those who do not see it. */
  label: string;
  center: [lng: number, lat: number];
  zoom?: number;
  onPress?: (lat: number, lng: number) => void;
  children?: ReactNode;
};

const AGAIN_MS = 2000;

/** The server's style; asked for until it comes or nobody wants it any more. */
async function styleOf(scheme: string, isGone: () => boolean): Promise<StyleSpecification | null> {
  for (;;) {
    const answer = await fetch(`/map/style.json?theme=${scheme}`).catch(() => null);
    const style = answer?.ok ? ((await answer.json()) as StyleSpecification) : null;
    if (isGone()) return null;
    if (style !== null) return style;
    await new Promise((again) => setTimeout(again, AGAIN_MS));
  }
}

type Camera = { center: [number, number]; zoom: number };

export default function BaseMap({ label, center, zoom = 13.4, onPress, children }: BaseMapProps) {
  const { t, i18n } = useTranslation();
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const holder = useRef<HTMLDivElement>(null);
  const camera = useRef<Camera>({ center, zoom });
  const press = useRef(onPress);
  press.current = onPress;
  const [held, setHeld] = useState<Held | null>(null);
  const [failed, setFailed] = useState(false);

  useEffect(() => {
    const container = holder.current;
    if (!container) return;
    let made: GlMap | null = null;
    let gone = false;
    const begin = async () => {
      const style = await styleOf(scheme, () => gone);
      if (style === null) return;
      const present = new maplibregl.Map({
        container,
        style: localise(style, i18n.language, location.origin),
        ...camera.current,
        attributionControl: false,
        dragRotate: false,
        pitchWithRotate: false,
        fadeDuration: 0,
        maxZoom: 19,
      });
      made = present;
      present.touchZoomRotate.disableRotation();
      present.addControl(new maplibregl.NavigationControl({ showCompass: false }), 'bottom-right');
      present.addControl(new maplibregl.ScaleControl({ maxWidth: 96 }), 'bottom-left');
      present.on('moveend', () => {
        const { lng, lat } = present.getCenter();
        camera.current = { center: [lng, lat], zoom: present.getZoom() };
      });
      present.on('click', (event) => press.current?.(event.lngLat.lat, event.lngLat.lng));
      // Shapes that could not be fetched are asked for again; everything else shows as it is.
      present.on('error', (event) => {
        const source = 'sourceId' in event && typeof event.sourceId === 'string' ? event.sourceId : null;
        const shapes = source === null ? undefined : style.sources[source];
        if (source === null || !shapes || !('data' in shapes) || typeof shapes.data !== 'string') return;
        const address = location.origin + shapes.data;
        setTimeout(() => !gone && present.getSource<GeoJSONSource>(source)?.setData(address), AGAIN_MS);
      });
      present.on('webglcontextlost', () => setFailed(true));
      present.once('load', () => setHeld({ map: present, scheme }));
    };
    begin().catch(() => setFailed(true));
    return () => {
      gone = true;
      setHeld(null);
      made?.remove();
    };
    // Another theme is another style: layers belong to it, so the map is made anew at the same place.
  }, [scheme, i18n.language]);

  return (
    <div className={classes.frame} data-map={failed ? 'failed' : held ? 'ready' : 'loading'}>
      {failed && <p className={classes.failed}>{t('common.map_failed')}</p>}
      <section ref={holder} className={classes.canvas} aria-label={label} hidden={failed} dir="ltr" />
      {held && !failed && (
        <MapContext value={held}>
          <Suspense fallback={null}>{children}</Suspense>
        </MapContext>
      )}
    </div>
  );
}

/** Bounds around points, or null for none. */
export function boundsOf(points: readonly (readonly [lng: number, lat: number])[]): LngLatBoundsLike | null {
  if (points.length === 0) return null;
  const bounds = new maplibregl.LngLatBounds();
  for (const [lng, lat] of points) bounds.extend([lng, lat]);
  return bounds;
}
