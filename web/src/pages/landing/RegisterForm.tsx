import { Button, PasswordInput, SegmentedControl, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/problem';
import { homeOf } from '../../session';
import { register } from '../../session/sign';
import { ErrorLine } from '../../ui';
import classes from './landing.module.css';
import { useRetryAfter } from './useRetryAfter';

const FIELDS = ['username', 'first_name', 'email', 'password'] as const;
type Field = (typeof FIELDS)[number];

export function RegisterForm() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [kind, setKind] = useState('customer');
  const wait = useRetryAfter(error);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    // By name: the kit's own controls in the form send fields too, which the server would refuse.
    const text = (name: Field) => String(form.get(name) ?? '').trim() || null;
    const [username, email] = [text('username'), text('email')];
    const first_name = text('first_name') ?? '';
    const password = String(form.get('password') ?? '');
    setBusy(true);
    setError(null);
    try {
      const user = await register({ username, email, first_name, password, user_type: kind });
      await navigate({ to: homeOf(user.role) });
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  // A field says what is wrong with it and what would be right.
  const onField = (field: Field) =>
    error instanceof ApiError && error.errors.some((one) => one.field === field) && t(`landing.mend.${field}`);
  return (
    <form className={classes.form} onSubmit={(event) => void submit(event)} data-form="register">
      <SegmentedControl
        fullWidth
        value={kind}
        onChange={setKind}
        aria-label={t('landing.kind')}
        data={['customer', 'seller'].map((value) => ({ value, label: t(`landing.kind_${value}`) }))}
      />
      <TextInput
        name="username"
        label={t('landing.username')}
        size="md"
        required
        withAsterisk={false}
        autoComplete="username"
        error={onField('username')}
        dir="auto"
      />
      <TextInput
        name="first_name"
        label={t('landing.first_name')}
        size="md"
        autoComplete="given-name"
        error={onField('first_name')}
        dir="auto"
      />
      <TextInput
        name="email"
        type="email"
        label={t('landing.email')}
        size="md"
        autoComplete="email"
        error={onField('email')}
        dir="ltr"
      />
      <PasswordInput
        name="password"
        label={t('landing.password')}
        size="md"
        required
        withAsterisk={false}
        autoComplete="new-password"
        error={onField('password')}
      />
      <ErrorLine error={error} />
      <Button type="submit" size="md" mih={56} loading={busy} disabled={wait > 0}>
        {wait > 0 ? t('landing.wait', { seconds: wait }) : t('landing.register')}
      </Button>
    </form>
  );
}
