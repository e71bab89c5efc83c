import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { NearbyRow } from '../../../domain/delivery';
import { Distance, Money } from '../../../ui';
import { distance } from '../../../ui/format';
import classes from '../crew.module.css';

type Props = { row: NearbyRow; claiming: boolean; onClaim: () => void };

export function NearCard({ row, claiming, onClaim }: Props) {
  const { t } = useTranslation();
  const { stops } = row;
  const first = stops[0]?.name;
  // While this crew's own claim is under way, “claimed” may mean this crew: the answer tells.
  const gone = claiming ? null : row.gone;
  return (
    <li className={classes.card} data-id={row.order_id} data-state={gone ? 'gone' : 'near'} data-why={gone?.why}>
      <div className={classes.facts}>
        <p className={classes.headline}>
          <strong>
            <Distance metres={row.distance_m} />
          </strong>
          {stops.length > 0 && <span>{t('crew.stops', { count: stops.length })}</span>}
          <span className={classes.fee}>
            <Money amount={row.fee} currency={row.currency} />
          </span>
        </p>
        <p className={classes.sub}>
          {first && (
            <span dir="auto">
              {first}
              {stops.length > 1 && ` ${t('crew.more_shops', { count: stops.length - 1 })}`}
            </span>
          )}
          <span>{t('crew.to_door', { distance: distance(row.dropoff_distance_m, t) })}</span>
        </p>
      </div>
      {gone ? (
        <p className={classes.gone} role="status">
          {t(`crew.gone.${gone.why}`)}
        </p>
      ) : (
        <Button
          mih={48}
          onClick={onClaim}
          disabled={claiming}
          data-act="claim"
          aria-label={`${t('crew.claim')}: ${distance(row.distance_m, t)} ${first ?? ''}`}
        >
          {claiming ? t('crew.claiming') : t('crew.claim')}
        </Button>
      )}
    </li>
  );
}
