import { useTranslation } from 'react-i18next';
import type { Job, Spot } from '../../../domain/delivery';
import type { Point } from '../../../map';
import { Fit } from '../../../map/Fit';
import { Path } from '../../../map/Path';
import { Pin } from '../../../map/Pin';

type Props = {
  here: Spot | null;
  at: number | null;
  jobs: Job[];
  points: Point[];
  onDrag?: (to: Spot) => void;
};

/** The crew itself, and the stops and drop-offs of its jobs. */
export function RideLayers({ here, at, jobs, points, onDrag }: Props) {
  const { t } = useTranslation();
  return (
    <>
      <Path id="way" points={points} dashed />
      {jobs.flatMap((job) => [
        ...job.stops.map((stop) => (
          <Pin
            key={`${job.order_id} ${stop.shop_id}`}
            kind="shop"
            lat={stop.lat}
            lng={stop.lng}
            title={stop.name}
            old={stop.picked_up_at != null}
          />
        )),
        job.dropoff && (
          <Pin
            key={`${job.order_id} door`}
            kind="home"
            lat={job.dropoff.lat}
            lng={job.dropoff.lng}
            title={t('crew.door')}
          />
        ),
      ])}
      {here && (
        <Pin
          kind="me"
          lat={here.lat}
          lng={here.lng}
          title={t('crew.pad.here')}
          {...(at === null ? {} : { at })}
          {...(onDrag ? { onDrag: (lat: number, lng: number) => onDrag({ lat, lng }) } : {})}
        />
      )}
      <Fit points={points} of={jobs.map((job) => job.order_id).join(' ')} />
    </>
  );
}
