import { Button, Modal, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Part } from '../../domain/shops/parts';

type Props = { part: Part; busy: boolean; onReject: (reason: string) => Promise<void> };

/** No, said once more with its reason: the customer is told at once. */
export function Reject({ part, busy, onReject }: Props) {
  const { t } = useTranslation();
  const [asks, setAsks] = useState(false);
  const reject = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    await onReject(String(new FormData(event.currentTarget).get('reason') ?? ''));
    setAsks(false);
  };
  return (
    <>
      <Button mih={48} variant="subtle" color="red" onClick={() => setAsks(true)} data-act="reject">
        {t('seller.reject')}
      </Button>
      <Modal
        opened={asks}
        onClose={() => setAsks(false)}
        title={t('seller.reject_title', { code: `\u2068${part.code}\u2069` })}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <form onSubmit={(event) => void reject(event)}>
          <p>{t('seller.reject_ask')}</p>
          <TextInput
            name="reason"
            label={t('staff.reason')}
            required
            withAsterisk={false}
            maxLength={500}
            data-autofocus
            dir="auto"
          />
          <Button type="submit" color="red" fullWidth mt={16} mih={48} loading={busy} data-act="sure">
            {t('seller.reject')}
          </Button>
        </form>
      </Modal>
    </>
  );
}
