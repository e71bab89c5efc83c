//! The map: the city's shapes in the page's theme, or a sentence in its place where WebGL is missing.
import { useComputedColorScheme } from '@mantine/core';
import type { GeoJSONSource, Map as GlMap, LngLatBoundsLike, StyleSpecification } from 'maplibre-gl';
import * as maplibregl from 'maplibre-gl';
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url';
import 'maplibre-gl/dist/maplibre-gl.css';
import { type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type LoadedMap, MapContext } from './context';
import classes from './map.module.css';
import { localise } from './style';

maplibregl.setWorkerUrl(workerUrl);

export type BaseMapProps = {
  /** What the map shows, for screen readers. */
  label: string;
  center: [lng: number, lat: number];
  zoom?: number;
  onPress?: (lat: number, lng: number) => void;
  children?: ReactNode;
};

const AGAIN_MS = 2000;

/** The server's style; requested until it comes or the map is gone. */
async function styleOf(scheme: string, isGone: () => boolean): Promise<StyleSpecification | null> {
  for (;;) {
    const answer = await fetch(`/map/style.json?theme=${scheme}`).catch(() => null);
    const style: StyleSpecification | null = answer?.ok ? await answer.json() : null;
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
  const [loaded, setLoaded] = useState<LoadedMap | null>(null);
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
      // Shapes that could not be loaded are requested again; other errors only leave something out.
      present.on('error', (event) => {
        const source = 'sourceId' in event && typeof event.sourceId === 'string' ? event.sourceId : null;
        const shapes = source === null ? undefined : style.sources[source];
        if (source === null || !shapes || !('data' in shapes) || typeof shapes.data !== 'string') return;
        const address = location.origin + shapes.data;
        setTimeout(() => !gone && present.getSource<GeoJSONSource>(source)?.setData(address), AGAIN_MS);
      });
      present.on('webglcontextlost', () => setFailed(true));
      present.once('load', () => setLoaded({ map: present, scheme }));
    };
    begin().catch(() => setFailed(true));
    return () => {
      gone = true;
      setLoaded(null);
      made?.remove();
    };
    // Layers belong to a style, and another theme is another style: the map is made again at the same place.
  }, [scheme, i18n.language]);

  return (
    <div className={classes.frame} data-map={failed ? 'failed' : loaded ? 'ready' : 'loading'}>
      {failed && <p className={classes.failed}>{t('common.map_failed')}</p>}
      <section ref={holder} className={classes.canvas} aria-label={label} hidden={failed} dir="ltr" />
      {loaded && !failed && (
        <MapContext value={loaded}>
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
