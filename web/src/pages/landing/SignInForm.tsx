import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Refusal } from '../../api/problem';
import { homeOf, signIn } from '../../session';
import { RefusalLine } from '../../ui';
import classes from './landing.module.css';
import { useWait } from './useRetryAfter';

export function SignInForm() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [asksCode, setAsksCode] = useState(false);
  const wait = useWait(error);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      const user = await signIn(
        String(form.get('username')).trim(),
        String(form.get('password')),
        String(form.get('totp') ?? ''),
      );
      await navigate({ to: homeOf(user.role) });
    } catch (refused) {
      if (refused instanceof Refusal && refused.code === 'totp_required') setAsksCode(true);
      setError(refused);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className={classes.form} onSubmit={(event) => void submit(event)} data-form="sign-in">
      <TextInput
        name="username"
        label={t('door.name')}
        size="md"
        required
        withAsterisk={false}
        autoComplete="username"
        dir="auto"
      />
      <PasswordInput
        name="password"
        label={t('door.password')}
        size="md"
        required
        withAsterisk={false}
        autoComplete="current-password"
      />
      {asksCode && (
        <TextInput
          name="totp"
          label={t('door.totp')}
          size="md"
          inputMode="numeric"
          autoComplete="one-time-code"
          autoFocus
          dir="ltr"
        />
      )}
      <RefusalLine error={error} />
      <Button type="submit" size="md" mih={56} loading={busy} disabled={wait > 0}>
        {wait > 0 ? t('door.wait', { seconds: wait }) : t('door.sign_in')}
      </Button>
    </form>
  );
}
