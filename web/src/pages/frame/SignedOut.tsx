import { Button, Modal, PasswordInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { sessions, signIn } from '../../session';
import { lastName } from '../../session/last';
import { ErrorLine } from '../../ui';

/** Covers the page when the session ended elsewhere: what was typed below stays. */
export function SignedOut() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const name = lastName();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get('password') ?? '');
    setBusy(true);
    setError(null);
    await signIn(name, password).catch(setError);
    setBusy(false);
  };
  const leave = () => {
    sessions.end(null);
    void navigate({ to: '/' });
  };
  return (
    <Modal
      opened
      onClose={leave}
      title={t('common.revoked.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <form onSubmit={(event) => void submit(event)} data-overlay="revoked">
        <p>{t('common.revoked.text')}</p>
        {name !== '' && <PasswordInput name="password" label={t('common.revoked.password', { name })} data-autofocus />}
        <ErrorLine error={error} />
        <Button type="submit" loading={busy} fullWidth mt={12} mih={48} disabled={name === ''}>
          {t('landing.sign_in')}
        </Button>
        <Button variant="subtle" onClick={leave} fullWidth mt={8}>
          {t('common.revoked.leave')}
        </Button>
      </form>
    </Modal>
  );
}
