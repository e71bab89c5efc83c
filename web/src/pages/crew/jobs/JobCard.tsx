import { Button } from '@mantine/core';
import { IconCircleCheck, IconHome, IconMapPin } from '@tabler/icons-react';
import { useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { OrderMessage, OrderSnapshot } from '../../../api/channels';
import type { CrewState, Job, Spot, Stop } from '../../../domain/delivery';
import { withOrderState } from '../../../domain/delivery/job';
import { type Live, useMessages } from '../../../live';
import { ErrorLine, Money, StateChip, useTint } from '../../../ui';
import classes from '../crew.module.css';
import { CommandRows } from '../outbox/CommandRows';
import type { Position } from '../position/usePosition';
import { JobActions } from './JobActions';

type Props = { job: Job; crew: Live<CrewState>; position: Position };

/** One carried order: its stops in order, what to collect, and the one thing to do next. */
export function JobCard({ job, crew, position }: Props) {
  const { t } = useTranslation();
  const [error, setError] = useState<unknown>(null);
  const [unlocked, setUnlocked] = useState(0);
  const { patch } = crew;
  const tint = useTint<HTMLLIElement>(job.status);
  // The progress of its shops comes on the order's own channel.
  const onSnapshot = useCallback(
    (order: OrderSnapshot | null) => {
      if (order !== null) patch((data) => withOrderState(data, order));
    },
    [patch],
  );
  const onMessage = useCallback(
    ({ type, order }: OrderMessage) => {
      if (type === 'proof_unlocked') setUnlocked((before) => before + 1);
      onSnapshot(order);
    },
    [onSnapshot],
  );
  useMessages(`order:${job.order_id}`, onMessage, onSnapshot);
  const ride = position.source === 'pad' ? position.ride : null;
  return (
    <li ref={tint} className={classes.job} data-id={job.order_id} data-state={job.status}>
      <div className={classes.headline}>
        <strong>
          <bdi>{job.code}</bdi>
        </strong>
        <StateChip state={job.status} />
        <span className={classes.fee}>
          <Money amount={job.fee} currency={job.currency} />
        </span>
      </div>
      <ol className={classes.stops}>
        {job.stops.map((stop) => (
          <StopRow key={stop.shop_id} stop={stop} onRide={ride} />
        ))}
        {job.dropoff && (
          <li className={classes.stop} data-state="door">
            <IconHome size={20} aria-hidden />
            <span>
              <span dir="auto">{job.dropoff.address ?? t('crew.door')}</span>{' '}
              {job.customer && (
                <small>
                  <span dir="auto">{job.customer.name}</span>{' '}
                  {job.customer.phone_number && (
                    <a href={`tel:${job.customer.phone_number}`} className={classes.phoneLink}>
                      <bdi>{job.customer.phone_number}</bdi>
                    </a>
                  )}
                </small>
              )}
            </span>
            <RideThere to={job.dropoff} onRide={ride} />
          </li>
        )}
      </ol>
      <p className={classes.cash}>
        {Number(job.cash_to_collect) > 0 && job.cash_to_collect ? (
          <strong>
            {t('crew.collect', { money: '' })} <Money amount={job.cash_to_collect} currency={job.currency} />
          </strong>
        ) : (
          t('crew.paid')
        )}
      </p>
      <ErrorLine error={error} />
      <CommandRows of={(command) => command.about === job.order_id} />
      <JobActions job={job} here={position.sent.fix} unlocked={unlocked} onError={setError} />
    </li>
  );
}

function StopRow({ stop, onRide }: { stop: Stop; onRide: ((to: Spot) => void) | null }) {
  const { t } = useTranslation();
  const picked = stop.picked_up_at != null;
  const state = picked ? 'PICKED_UP' : stop.prep_status;
  return (
    <li className={classes.stop} data-state={state}>
      {picked ? <IconCircleCheck size={20} aria-hidden /> : <IconMapPin size={20} aria-hidden />}
      <span>
        <span dir="auto">{stop.name}</span> <small>{t(`orders.prep.${state}`)}</small>
      </span>
      {!picked && <RideThere to={stop} onRide={onRide} />}
    </li>
  );
}

function RideThere({ to, onRide }: { to: Spot; onRide: ((to: Spot) => void) | null }) {
  const { t } = useTranslation();
  if (!onRide) return null;
  return (
    <Button
      variant="subtle"
      size="compact-sm"
      mih={32}
      onClick={() => onRide({ lat: to.lat, lng: to.lng })}
      data-act="ride"
    >
      {t('crew.ride_there')}
    </Button>
  );
}
