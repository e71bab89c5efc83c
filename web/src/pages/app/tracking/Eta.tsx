import { useTranslation } from 'react-i18next';
import type { Order, Track } from '../../../domain/orders';
import { useNow } from '../../../ui';
import { ago } from '../../../ui/format';
import { hintOf, rangeOf } from './range';
import classes from './tracking.module.css';

// An older position says nothing about the time left.
const SILENT_MS = 60_000;

/** Time of arrival: a range while the position is fresh, the state in words otherwise; and the age of the position. */
export function Eta({ order, position }: { order: Order; position: Track['position'] }) {
  const { t } = useTranslation();
  const now = useNow();
  const age = position ? now - Date.parse(position.at) : null;
  const silent = age !== null && age > SILENT_MS;
  const range = position && !silent ? rangeOf(position) : null;
  const hint = position && !silent ? hintOf(position) : null;
  return (
    <div className={classes.eta} aria-live="polite">
      {/* A key per text: an element that only grew would count as a layout shift. */}
      <p key={headline()} className={classes.headline}>
        {headline()}
      </p>
      <p className={classes.age} data-hint={hint ?? undefined}>
        {age !== null && t('common.position_age', { age: ago(age, t) ?? t('app.tracking.silent') })}
        {hint && ` · ${t(`app.tracking.${hint}`)}`}
      </p>
    </div>
  );

  function headline(): string {
    if (order.status !== 'SHIPPED' && order.status !== 'PROCESSING') return t(`orders.state.${order.status}`);
    if (range !== null) return range === '0' ? t('app.tracking.arriving_now') : t('app.tracking.arriving', { range });
    return order.status === 'SHIPPED' ? t('app.tracking.arriving_any') : t('app.tracking.to_shops');
  }
}
