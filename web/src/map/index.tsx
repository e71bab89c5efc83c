//! The map is loaded when it is needed: words, times and PINs are shown before it and without it.
import { lazy, Suspense } from 'react';
import type { BaseMapProps } from './BaseMap';
import classes from './map.module.css';

const AGAIN_MS = 2000;

/** Loads a part of the map, again until it succeeds: a broken connection affects nothing else on the page. */
export async function loadAgain<T>(load: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await load();
    } catch {
      await new Promise((again) => setTimeout(again, AGAIN_MS));
    }
  }
}

const Lazy = lazy(() => loadAgain(() => import('./BaseMap')));

export function CityMap(props: BaseMapProps) {
  return (
    <Suspense fallback={<div className={classes.frame} data-map="loading" />}>
      <Lazy {...props} />
    </Suspense>
  );
}
export type Point = readonly [lng: number, lat: number];
