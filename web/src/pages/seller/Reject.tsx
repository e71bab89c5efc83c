import { Button, Modal, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Refusal } from '../../api/problem';
import { type Part, prepare } from '../../domain/shops/parts';
import { RefusalLine } from '../../ui';

type Props = { part: Part; onRefused: (error: unknown) => void; onDone: () => void };

/** No, said once more with its reason: the customer is told at once. */
export function Reject({ part, onRefused, onDone }: Props) {
  const { t } = useTranslation();
  const [asks, setAsks] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const ask = () => {
    setError(null);
    setAsks(true);
  };
  const reject = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get('reason') ?? '');
    setBusy(true);
    setError(null);
    try {
      await prepare(part, { deed: 'reject', reason });
      setAsks(false);
    } catch (refused) {
      // A reason of blanks can be mended here; anything else is about the order.
      if (refused instanceof Refusal && refused.status === 422) setError(new Refusal(422, 'reason_required', ''));
      else {
        onRefused(refused);
        setAsks(false);
      }
    } finally {
      setBusy(false);
      onDone();
    }
  };
  return (
    <>
      <Button mih={48} variant="subtle" color="red" onClick={ask} data-act="reject">
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
          <RefusalLine error={error} />
          <Button type="submit" color="red" fullWidth mt={16} mih={48} loading={busy} data-act="sure">
            {t('seller.reject')}
          </Button>
        </form>
      </Modal>
    </>
  );
}
