import { ActionIcon, Button } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { orderSnapshot, reduceOrder } from '../../../domain/orders';
import { carrierKey } from '../../../domain/staff';
import { type Positioned, positionIn, useLive } from '../../../live';
import { ErrorLine, ErrorScreen, Loading, Money, StateChip, useTint } from '../../../ui';
import { nameOf } from '../../../ui/name';
import type { Crews } from '../crews/useCrews';
import classes from '../staff.module.css';
import { OrderCommands } from './OrderCommands';
import { Reassign } from './Reassign';
import { RecentChange } from './RecentChange';
import { Timeline, useHistory } from './Timeline';

/** One order: its state, its stops and people, its timeline, and what staff can do. */
export function OrderDrawer({ id, crews, onClose }: { id: string; crews: Crews; onClose: () => void }) {
  const { t } = useTranslation();
  const order = useLive(`order:${id}`, orderSnapshot(id), reduceOrder);
  const tint = useTint<HTMLDivElement>(order.data?.status);
  const [reassigns, setReassigns] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [own, setOwn] = useState<ReadonlySet<number>>(new Set());
  const reassignButton = useRef<HTMLButtonElement>(null);
  const data = order.data;
  const history = useHistory(id, order.at?.offset ?? 0);
  // Goods that were picked up stay with their crew.
  const canMove =
    data?.fulfilment === 'delivery' &&
    (data.status === 'CREATED' ||
      (data.status === 'PROCESSING' && data.shop_orders.every((part) => part.picked_up_at == null)));
  const done = (answer: Positioned) => {
    const position = positionIn(answer.live, `order:${id}`);
    if (position) setOwn((before) => new Set([...before, position.offset]));
    order.reload();
  };
  const moved = (answer: Positioned) => {
    done(answer);
    setReassigns(false);
    reassignButton.current?.focus();
  };
  return (
    <div
      className={classes.sheet}
      data-drawer="order"
      data-id={id}
      data-live={order.live}
      data-offset={order.at?.offset}
      data-state={data?.status}
    >
      <header className={classes.sheetHead}>
        <h2>
          <bdi>{data?.code ?? t('staff.order')}</bdi>
        </h2>
        <ActionIcon variant="subtle" color="gray" size={40} onClick={onClose} aria-label={t('common.close')}>
          <IconX size={20} aria-hidden />
        </ActionIcon>
      </header>
      {order.refused && <ErrorScreen error={order.refused} />}
      {!data && !order.refused && <Loading />}
      {data && (
        <>
          <div ref={tint}>
            <StateChip state={data.status} fulfilment={data.fulfilment} />
          </div>
          <ul className={classes.facts}>
            {data.shop_orders.map((part) => (
              <li key={part.id} data-id={part.shop_id} data-state={part.picked_up_at ? 'PICKED_UP' : part.prep_status}>
                <span dir="auto">{nameOf(part)}</span>
                <span>{t(`orders.prep.${part.picked_up_at ? 'PICKED_UP' : part.prep_status}`)}</span>
              </li>
            ))}
            <li>
              <span>{t('crew.door')}</span>
              <span dir="auto">{data.dropoff?.address ?? ''}</span>
            </li>
            <li>
              <span>{t('landing.roles.customer')}</span>
              <span dir="auto">{data.customer?.name ?? ''}</span>
            </li>
            <li>
              <span>{t('staff.crew')}</span>
              <span dir="auto">{data.crew?.first_name ?? t(carrierKey(data))}</span>
            </li>
            <li>
              <span>
                {t('orders.total')} · {t(`orders.pay.${data.payment_mode}`)}
              </span>
              <Money amount={data.total} currency={data.currency} />
            </li>
          </ul>
          <RecentChange items={history} own={own} />
          <ErrorLine error={error} />
          <div className={classes.commands}>
            {canMove && (
              <Button
                ref={reassignButton}
                variant="default"
                mih={40}
                onClick={() => setReassigns((before) => !before)}
                data-act="reassign"
                aria-keyshortcuts="r"
                aria-expanded={reassigns}
              >
                {t('staff.reassign')}
              </Button>
            )}
            <OrderCommands order={data} onDone={done} onError={setError} />
          </div>
          {reassigns && canMove && <Reassign order={data} positions={crews.positions} onDone={moved} />}
          <Timeline items={history} />
        </>
      )}
    </div>
  );
}
