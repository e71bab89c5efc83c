import {
  IconAlertTriangle,
  IconArrowBackUp,
  IconCircleX,
  IconHomeCheck,
  IconHourglass,
  IconLockCheck,
  IconMoped,
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

/** An order's state: icon, word and colour together. */
export function StateChip({ state, large = false }: { state: OrderState; large?: boolean }) {
  const { t } = useTranslation();
  const Icon = stateIcons[state];
  const style = { color: `var(--w-${state}-text)`, background: `var(--w-${state}-tint)` };
  return (
    <span className={large ? classes.large : classes.chip} style={style} data-state={state}>
      <Icon size={large ? 20 : 16} aria-hidden />
      {t(`orders.state.${state}`)}
    </span>
  );
}
