import { Button, Modal } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { cancelOrder, completeOrder, mayCancel, type Order } from '../../../domain/orders';
import type { Live } from '../../../live';
import { ErrorLine, useNow } from '../../../ui';
import { clockTime } from '../../../ui/format';
import classes from './tracking.module.css';

/** What a customer can do in the order's present state. */
export function OrderActions({ order: live }: { order: Live<Order> }) {
  const { t } = useTranslation();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [asks, setAsks] = useState(false);
  const now = useNow();
  const order = live.data;
  if (!order) return null;
  const run = async (command: Promise<Order>) => {
    setBusy(true);
    setError(null);
    try {
      const next = await command;
      live.patch((before) => ({ ...before, ...next }));
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
      setAsks(false);
    }
  };
  const closes = order.completable_at ? Date.parse(order.completable_at) : 0;
  return (
    <div className={classes.acts}>
      <ErrorLine error={error} />
      {order.status === 'DELIVERED' && closes > now && order.completable_at && (
        <p className={classes.closes}>
          {t('app.tracking.closes', { when: clockTime(new Date(closes), new Date(now)) })}
        </p>
      )}
      {order.status === 'DELIVERED' && closes <= now && (
        <Button mih={56} loading={busy} onClick={() => void run(completeOrder(order.id))} data-act="complete">
          {t('app.tracking.complete')}
        </Button>
      )}
      {mayCancel(order) && (
        <Button variant="subtle" color="red" mih={48} onClick={() => setAsks(true)} data-act="cancel">
          {t('app.tracking.cancel')}
        </Button>
      )}
      <Modal
        opened={asks}
        onClose={() => setAsks(false)}
        title={t('app.tracking.cancel')}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <p>{t('app.tracking.cancel_ask')}</p>
        <Button
          color="red"
          fullWidth
          mih={56}
          loading={busy}
          onClick={() => void run(cancelOrder(order.id))}
          data-act="sure"
        >
          {t('app.tracking.cancel')}
        </Button>
      </Modal>
    </div>
  );
}
