import { Button, Modal, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/problem';
import { type Part, reject } from '../../domain/shops/parts';
import { ErrorLine } from '../../ui';

type Props = { part: Part; onError: (error: unknown) => void; onDone: () => void };

/** Rejects a part, confirmed once with its reason: the customer is notified at once. */
export function Reject({ part, onError, onDone }: Props) {
  const { t } = useTranslation();
  const [asks, setAsks] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const ask = () => {
    setError(null);
    setAsks(true);
  };
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const reason = String(new FormData(event.currentTarget).get('reason') ?? '');
    setBusy(true);
    setError(null);
    try {
      await reject(part, reason);
      setAsks(false);
    } catch (caught) {
      // A reason of blanks can be corrected here; anything else is about the order.
      if (caught instanceof ApiError && caught.status === 422) setError(new ApiError(422, 'reason_required', ''));
      else {
        onError(caught);
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
        <form onSubmit={(event) => void submit(event)}>
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
          <ErrorLine error={error} />
          <Button type="submit" color="red" fullWidth mt={16} mih={48} loading={busy} data-act="sure">
            {t('seller.reject')}
          </Button>
        </form>
      </Modal>
    </>
  );
}
