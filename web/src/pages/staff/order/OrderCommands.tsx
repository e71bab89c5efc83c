import { Button, Modal, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Order } from '../../../domain/orders';
import { cancelOrder, deliver, unlockProof } from '../../../domain/staff';

const deeds = { unlock: unlockProof, deliver, cancel: cancelOrder };
type Deed = keyof typeof deeds;
type Props = { order: Order; onDone: (answer: Order) => void; onRefused: (error: unknown) => void };

/** What needs a reason: unlocking a PIN, delivering without it, cancelling. */
export function Deeds({ order, onDone, onRefused }: Props) {
  const { t } = useTranslation();
  const [deed, setDeed] = useState<Deed | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (deed === null) return;
    const reason = String(new FormData(event.currentTarget).get('reason') ?? '').trim();
    setBusy(true);
    onRefused(null);
    try {
      onDone(await deeds[deed](order.id, reason));
    } catch (refused) {
      onRefused(refused);
    } finally {
      setBusy(false);
      setDeed(null);
    }
  };
  // An order that its customer fetches has its PIN once a part of it is ready.
  const atCounter =
    order.fulfilment === 'pickup' &&
    order.status === 'CREATED' &&
    order.shop_orders.some((part) => part.prep_status === 'READY');
  return (
    <>
      {(order.status === 'SHIPPED' ? (['unlock', 'deliver'] as const) : atCounter ? (['unlock'] as const) : []).map(
        (one) => (
          <Button key={one} variant="default" mih={40} onClick={() => setDeed(one)} data-act={one}>
            {t(`staff.${one}`)}
          </Button>
        ),
      )}
      {(order.status === 'CREATED' || order.status === 'PROCESSING') && (
        <Button variant="default" mih={40} onClick={() => setDeed('cancel')} data-act="cancel">
          {t('staff.cancel')}
        </Button>
      )}
      <Modal
        opened={deed !== null}
        onClose={() => setDeed(null)}
        title={deed ? t(`staff.${deed}`) : ''}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <form onSubmit={(event) => void submit(event)}>
          {(deed === 'cancel' || deed === 'deliver') && <p>{t(`staff.sure_${deed}`, { code: order.code })}</p>}
          <TextInput
            name="reason"
            label={t('staff.reason')}
            description={t('staff.reason_hint')}
            required
            withAsterisk={false}
            data-autofocus
            dir="auto"
          />
          <Button type="submit" fullWidth mt={16} mih={48} loading={busy} data-act="sure">
            {deed ? t(`staff.${deed}`) : ''}
          </Button>
        </form>
      </Modal>
    </>
  );
}
