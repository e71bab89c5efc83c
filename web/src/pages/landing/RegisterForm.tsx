import { Button, PasswordInput, SegmentedControl, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../api/client';
import { Refusal } from '../../api/problem';
import { homeOf } from '../../session';
import { keep, type Tokens } from '../../session/sign';
import { RefusalLine } from '../../ui';
import classes from './landing.module.css';
import { useWait } from './useRetryAfter';

const FIELDS = ['username', 'first_name', 'email', 'password'] as const;

export function RegisterForm() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [kind, setKind] = useState('customer');
  const wait = useWait(error);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const body: Record<string, string> = { user_type: kind };
    // By name: the kit's own controls in the form send fields too, which the server would refuse.
    for (const name of FIELDS) {
      const text = String(form.get(name) ?? '');
      if (text.trim() !== '') body[name] = name === 'password' ? text : text.trim();
    }
    setBusy(true);
    setError(null);
    try {
      const user = keep(await api.post<Tokens>('/api/auth/register/', body, { open: true }));
      await navigate({ to: homeOf(user.role) });
    } catch (refused) {
      setError(refused);
    } finally {
      setBusy(false);
    }
  };
  // What is wrong with a field, and how it would be right, stands at the field.
  const onField = (field: (typeof FIELDS)[number]) =>
    error instanceof Refusal && error.errors.some((one) => one.field === field) && t(`door.mend.${field}`);
  return (
    <form className={classes.form} onSubmit={(event) => void submit(event)} data-form="register">
      <SegmentedControl
        fullWidth
        value={kind}
        onChange={setKind}
        aria-label={t('door.kind')}
        data={['customer', 'seller'].map((value) => ({ value, label: t(`door.kind_${value}`) }))}
      />
      <TextInput
        name="username"
        label={t('door.username')}
        size="md"
        required
        withAsterisk={false}
        autoComplete="username"
        error={onField('username')}
        dir="auto"
      />
      <TextInput
        name="first_name"
        label={t('door.first_name')}
        size="md"
        autoComplete="given-name"
        error={onField('first_name')}
        dir="auto"
      />
      <TextInput
        name="email"
        type="email"
        label={t('door.email')}
        size="md"
        autoComplete="email"
        error={onField('email')}
        dir="ltr"
      />
      <PasswordInput
        name="password"
        label={t('door.password')}
        size="md"
        required
        withAsterisk={false}
        autoComplete="new-password"
        error={onField('password')}
      />
      <RefusalLine error={error} />
      <Button type="submit" size="md" mih={56} loading={busy} disabled={wait > 0}>
        {wait > 0 ? t('door.wait', { seconds: wait }) : t('door.register')}
      </Button>
    </form>
  );
}
