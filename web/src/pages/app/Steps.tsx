import { useTranslation } from 'react-i18next';
import type { Order } from '../../domain/orders';
import { type OrderState, StateChip, stateIcons, useTint } from '../../ui';
import classes from './tracking.module.css';

const way: OrderState[] = ['CREATED', 'PROCESSING', 'SHIPPED', 'DELIVERED'];

/** How far it is: four steps, and the state in its own colour and word. */
export function Steps({ order }: { order: Order }) {
  const { t } = useTranslation();
  const tint = useTint<HTMLDivElement>(order.status);
  const at = order.status === 'COMPLETED' ? way.length - 1 : way.indexOf(order.status);
  return (
    <div ref={tint} className={classes.steps}>
      {at >= 0 && (
        <ol aria-label={t('app.tracking.steps')}>
          {way.map((state, i) => {
            const Icon = stateIcons[state];
            return (
              <li key={state} data-done={i <= at || undefined} aria-current={i === at ? 'step' : undefined}>
                <Icon size={20} aria-hidden />
                <span className="visually-hidden">{t(`orders.state.${state}`)}</span>
              </li>
            );
          })}
        </ol>
      )}
      <StateChip state={order.status} large />
    </div>
  );
}
