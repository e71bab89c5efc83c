import { SegmentedControl } from '@mantine/core';
import { useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMeta } from '../../api/meta';
import { useSession } from '../../session';
import { TopBar } from '../../ui';
import { ContinueAs } from './ContinueAs';
import { DemoPeople } from './DemoPeople';
import { EnterAs } from './EnterAs';
import classes from './landing.module.css';
import { RegisterForm } from './RegisterForm';
import { SignInForm } from './SignInForm';

/** Sign-in, registration and demo people: signed in within five seconds. */
export function LandingPage() {
  const { t } = useTranslation();
  const { as } = useSearch({ from: '__root__' });
  const { session } = useSession();
  const meta = useMeta();
  const [tab, setTab] = useState<'sign_in' | 'register'>('sign_in');
  if (as !== undefined) return <EnterAs as={as} />;
  return (
    <div className={classes.page} data-page="landing" data-ready={meta.isSuccess || undefined}>
      <TopBar title={t('common.brand')} />
      <main className={classes.main}>
        <section className={classes.lead}>
          <h2>{t('landing.tagline')}</h2>
          <p>{t('landing.lead')}</p>
        </section>
        <section className={classes.card}>
          {session && <ContinueAs user={session.user} />}
          <SegmentedControl
            fullWidth
            size="md"
            value={tab}
            onChange={setTab}
            data={(['sign_in', 'register'] as const).map((value) => ({ value, label: t(`landing.${value}`) }))}
          />
          {tab === 'sign_in' ? <SignInForm /> : <RegisterForm />}
          {meta.failureCount > 0 && !meta.isSuccess && <p role="status">{t('landing.starting')}</p>}
        </section>
        {meta.data?.demo && <DemoPeople demo={meta.data.demo} />}
      </main>
    </div>
  );
}
