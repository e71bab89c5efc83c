import { IconBuildingStore, IconHourglass, IconPackage, IconShoppingBagCheck } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { type Order, PICKUP_STAGES, type PickupStage, stageOf } from '../../../domain/orders';
import { type OrderState, StateChip, stateIcons, stateKey, useTint } from '../../../ui';
import classes from './tracking.module.css';

const way: OrderState[] = ['CREATED', 'PROCESSING', 'SHIPPED', 'DELIVERED'];
const stageIcons: Record<PickupStage, typeof IconPackage> = {
  NEW: IconHourglass,
  ACCEPTED: IconPackage,
  READY: IconBuildingStore,
  PICKED_UP: IconShoppingBagCheck,
};

/** Progress in four steps, and the state in its own colour and word. */
export function Steps({ order }: { order: Order }) {
  const { t } = useTranslation();
  const tint = useTint<HTMLDivElement>(order.status);
  const pickup = order.fulfilment === 'pickup';
  const steps = pickup
    ? PICKUP_STAGES.map((stage) => ({ id: stage, Icon: stageIcons[stage], word: t(`app.pickup.stages.${stage}`) }))
    : way.map((state) => ({ id: state, Icon: stateIcons[state], word: t(stateKey(state)) }));
  return (
    <div ref={tint} className={classes.steps} data-step={steps[reached()]?.id}>
      {reached() >= 0 && (
        <ol aria-label={t('app.tracking.steps')}>
          {steps.map(({ id, Icon, word }, i) => (
            <li key={id} data-done={i <= reached() || undefined} aria-current={i === reached() ? 'step' : undefined}>
              <Icon size={20} aria-hidden />
              <span className="visually-hidden">{word}</span>
            </li>
          ))}
        </ol>
      )}
      <StateChip state={order.status} fulfilment={order.fulfilment} large />
    </div>
  );

  function reached(): number {
    if (order.status === 'COMPLETED') return way.length - 1;
    const at = way.indexOf(order.status);
    return pickup && at >= 0 ? PICKUP_STAGES.indexOf(stageOf(order)) : at;
  }
}
