import { Button } from '@mantine/core';
import { lazy } from 'react';
import { useTranslation } from 'react-i18next';
import { useMapCenter } from '../../../api/meta';
import type { Job, Spot } from '../../../domain/delivery';
import { CityMap, loadAgain, type Point } from '../../../map';
import classes from '../crew.module.css';
import type { Position } from './usePosition';

// Loaded with the map, not before it.
const RideLayers = lazy(() =>
  loadAgain(() => import('./RideLayers').then((module) => ({ default: module.RideLayers }))),
);

/** The map to ride on: press it to be there, or ride to the next stop of a job. */
export function RidePad({ position, jobs }: { position: Position; jobs: Job[] }) {
  const { t } = useTranslation();
  const here = position.here;
  const town = useMapCenter();
  const center: typeof town = here ? [here.lng, here.lat] : town;
  const goal = nextPlace(jobs);
  const pad = position.source === 'pad';
  const points: Point[] = [
    ...(here ? [[here.lng, here.lat] as const] : []),
    ...jobs.flatMap((job) => placesOf(job)).map((one) => [one.lng, one.lat] as const),
  ];
  return (
    <div className={classes.pad}>
      {pad && <p className={classes.hint}>{t('crew.pad.hint')}</p>}
      <CityMap
        label={t('crew.pad.title')}
        center={center}
        zoom={14.5}
        {...(pad ? { onPress: (lat: number, lng: number) => position.jump({ lat, lng }) } : {})}
      >
        <RideLayers
          here={here}
          at={position.sent.at}
          jobs={jobs}
          points={points}
          {...(pad ? { onDrag: position.jump } : {})}
        />
      </CityMap>
      {pad && (
        <div className={classes.padActs}>
          {position.target ? (
            <Button variant="default" mih={48} onClick={() => position.ride(null)}>
              {t('crew.pad.stop')}
            </Button>
          ) : (
            goal && (
              <Button mih={48} onClick={() => position.ride(goal)} data-act="ride-next">
                {t('crew.pad.ride', { place: goal.name || t('crew.door') })}
              </Button>
            )
          )}
        </div>
      )}
    </div>
  );
}

function placesOf(job: Job): (Spot & { name: string })[] {
  const stops = job.stops.filter((stop) => stop.picked_up_at == null && stop.prep_status !== 'REJECTED');
  const door = job.dropoff ? [{ lat: job.dropoff.lat, lng: job.dropoff.lng, name: '' }] : [];
  return [...stops, ...door];
}

/** Goods on board are delivered first; else the next stop. */
function nextPlace(jobs: Job[]) {
  const shipped = jobs.find((job) => job.status === 'SHIPPED') ?? jobs[0];
  return shipped ? (placesOf(shipped)[0] ?? null) : null;
}
