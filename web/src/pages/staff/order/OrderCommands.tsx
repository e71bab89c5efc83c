import { Button, Modal, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { cancelOrder, type Order } from '../../../domain/orders';
import { deliver, unlockProof } from '../../../domain/staff';
import type { Positioned } from '../../../live';

const commands = { unlock: unlockProof, deliver, cancel: cancelOrder };
type Command = keyof typeof commands;
type Props = { order: Order; onDone: (answer: Positioned) => void; onError: (error: unknown) => void };

/** Commands that need a reason: unlock the PIN, deliver without it, cancel. */
export function OrderCommands({ order, onDone, onError }: Props) {
  const { t } = useTranslation();
  const [command, setCommand] = useState<Command | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (command === null) return;
    const reason = String(new FormData(event.currentTarget).get('reason') ?? '').trim();
    setBusy(true);
    onError(null);
    try {
      onDone(await commands[command](order.id, reason));
    } catch (caught) {
      onError(caught);
    } finally {
      setBusy(false);
      setCommand(null);
    }
  };
  // A pickup has its PIN once a part of it is ready.
  const atCounter =
    order.fulfilment === 'pickup' &&
    order.status === 'CREATED' &&
    order.shop_orders.some((part) => part.prep_status === 'READY');
  return (
    <>
      {(order.status === 'SHIPPED' ? (['unlock', 'deliver'] as const) : atCounter ? (['unlock'] as const) : []).map(
        (one) => (
          <Button key={one} variant="default" mih={40} onClick={() => setCommand(one)} data-act={one}>
            {t(`staff.${one}`)}
          </Button>
        ),
      )}
      {(order.status === 'CREATED' || order.status === 'PROCESSING') && (
        <Button variant="default" mih={40} onClick={() => setCommand('cancel')} data-act="cancel">
          {t('staff.cancel')}
        </Button>
      )}
      <Modal
        opened={command !== null}
        onClose={() => setCommand(null)}
        title={command ? t(`staff.${command}`) : ''}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <form onSubmit={(event) => void submit(event)}>
          {(command === 'cancel' || command === 'deliver') && <p>{t(`staff.sure_${command}`, { code: order.code })}</p>}
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
            {command ? t(`staff.${command}`) : ''}
          </Button>
        </form>
      </Modal>
    </>
  );
}
