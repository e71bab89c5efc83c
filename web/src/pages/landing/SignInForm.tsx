import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { homeOf, signIn } from '../../session';
import { ErrorLine } from '../../ui';
import classes from './landing.module.css';
import { useRetryAfter } from './useRetryAfter';

export function SignInForm() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const wait = useRetryAfter(error);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      const user = await signIn(String(form.get('username')).trim(), String(form.get('password')));
      await navigate({ to: homeOf(user.role) });
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className={classes.form} onSubmit={(event) => void submit(event)} data-form="sign-in">
      <TextInput
        name="username"
        label={t('landing.name')}
        size="md"
        required
        withAsterisk={false}
        autoComplete="username"
        dir="auto"
      />
      <PasswordInput
        name="password"
        label={t('landing.password')}
        size="md"
        required
        withAsterisk={false}
        autoComplete="current-password"
      />
      <ErrorLine error={error} />
      <Button type="submit" size="md" mih={56} loading={busy} disabled={wait > 0}>
        {wait > 0 ? t('landing.wait', { seconds: wait }) : t('landing.sign_in')}
      </Button>
    </form>
  );
}
