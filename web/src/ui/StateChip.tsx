import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconBuildingStore,
  IconCircleX,
  IconHomeCheck,
  IconHourglass,
  IconLockCheck,
  IconMoped,
  IconShoppingBagCheck,
  IconUserCheck,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import classes from './chip.module.css';
import type { OrderState } from './tokens';

export const stateIcons: Record<OrderState, typeof IconMoped> = {
  CREATED: IconHourglass,
  PROCESSING: IconUserCheck,
  SHIPPED: IconMoped,
  DELIVERED: IconHomeCheck,
  COMPLETED: IconLockCheck,
  CANCELLED: IconCircleX,
  DELIVERY_FAILED: IconAlertTriangle,
  RETURNED_TO_SHOP: IconArrowBackUp,
};
const pickupIcons: Partial<typeof stateIcons> = { CREATED: IconBuildingStore, DELIVERED: IconShoppingBagCheck };

type Fulfilment = 'delivery' | 'pickup';

/** The key of a state's word: a pickup waits for its customer, not for a crew. */
export const stateKey = (state: OrderState, fulfilment: Fulfilment = 'delivery') =>
  fulfilment === 'pickup' && pickupIcons[state] ? `orders.pickup_state.${state}` : `orders.state.${state}`;

type Props = { state: OrderState; fulfilment?: Fulfilment | undefined; large?: boolean };

/** An order's state: icon, word and colour together. */
export function StateChip({ state, fulfilment = 'delivery', large = false }: Props) {
  const { t } = useTranslation();
  const Icon = (fulfilment === 'pickup' && pickupIcons[state]) || stateIcons[state];
  const style = { color: `var(--w-${state}-text)`, background: `var(--w-${state}-tint)` };
  return (
    <span className={large ? classes.large : classes.chip} style={style} data-state={state}>
      <Icon size={large ? 20 : 16} aria-hidden />
      {t(stateKey(state, fulfilment))}
    </span>
  );
}
