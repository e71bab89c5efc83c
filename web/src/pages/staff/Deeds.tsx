import { Button, Modal, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Order } from '../../domain/orders';
import { cancelOrder, unlockProof } from '../../domain/staff';

type Deed = 'unlock' | 'cancel';
type Props = { order: Order; onDone: () => void; onRefused: (error: unknown) => void };

/** What needs a reason: unlocking a PIN, cancelling. */
export function Deeds({ order, onDone, onRefused }: Props) {
  const { t } = useTranslation();
  const [deed, setDeed] = useState<Deed | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get('reason') ?? '').trim();
    setBusy(true);
    onRefused(null);
    try {
      await (deed === 'cancel' ? cancelOrder(order.id, reason) : unlockProof(order.id, reason));
      onDone();
    } catch (refused) {
      onRefused(refused);
    } finally {
      setBusy(false);
      setDeed(null);
    }
  };
  return (
    <>
      {order.status === 'SHIPPED' && (
        <Button variant="default" mih={40} onClick={() => setDeed('unlock')} data-act="unlock">
          {t('staff.unlock')}
        </Button>
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
          {deed === 'cancel' && <p>{t('staff.sure_cancel', { code: order.code })}</p>}
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
