//! The map comes when it is needed: words, times and PINs are there before it and stay without it.
import { lazy, Suspense } from 'react';
import type { BaseMapProps } from './BaseMap';
import classes from './map.module.css';

const Lazy = lazy(() => import('./BaseMap'));

export function CityMap(props: BaseMapProps) {
  return (
    <Suspense fallback={<div className={classes.frame} data-map="loading" />}>
      <Lazy {...props} />
    </Suspense>
  );
}
export type Point = readonly [lng: number, lat: number];
