import { Button } from '@mantine/core';
import { IconBuildingStore, IconHeadset, IconMoped, IconShoppingBag } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schema } from '../../api/schemas';
import { homeOf, type Role, signIn } from '../../session';
import { ErrorLine } from '../../ui';
import classes from './landing.module.css';

const icons: Record<string, typeof IconMoped | undefined> = {
  customer: IconShoppingBag,
  seller: IconBuildingStore,
  crew: IconMoped,
  staff: IconHeadset,
} satisfies Partial<Record<Role, typeof IconMoped>>;

/** The people of the demo city: one press to be one of them here, another to open one in a tab beside. */
export function DemoPeople({ demo }: { demo: Schema<'Demo'> }) {
  const { t } = useTranslation();
  const [error, setError] = useState<unknown>(null);
  return (
    <section className={classes.demo} aria-labelledby="demo-people">
      <h2 id="demo-people">{t('landing.demo')}</h2>
      <p>{t('landing.demo_text')}</p>
      <ErrorLine error={error} />
      <ul className={classes.people}>
        {demo.people.map((person) => (
          <Person key={person.username} person={person} password={demo.password} onError={setError} />
        ))}
      </ul>
    </section>
  );
}

type PersonProps = { person: Schema<'DemoPerson'>; password: string; onError: (error: unknown) => void };

function Person({ person, password, onError }: PersonProps) {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const [blocked, setBlocked] = useState(false);
  const Icon = icons[person.role] ?? IconHeadset;
  const enter = async () => {
    setBusy(true);
    onError(null);
    try {
      const user = await signIn(person.username, password);
      await navigate({ to: homeOf(user.role) });
    } catch (error) {
      onError(error);
      setBusy(false);
    }
  };
  // The new tab signs itself in, in a slot of its own, so that this tab stays the person it is.
  const beside = () => {
    const address = `/${i18n.language}/?slot=${person.username}&as=${person.username}`;
    setBlocked(window.open(address, `wassally-${person.username}`) === null);
  };
  return (
    <li className={classes.person} data-id={person.username}>
      <span className={classes.face}>
        <Icon size={24} aria-hidden />
      </span>
      <div className={classes.who}>
        <strong>
          <bdi>{person.username}</bdi>
        </strong>
        <span>{t(`landing.roles.${person.role}`)}</span>
      </div>
      <p className={classes.does}>{t(`landing.does.${person.role}`)}</p>
      <div className={classes.acts}>
        <Button
          mih={44}
          loading={busy}
          onClick={() => void enter()}
          data-act="enter"
          aria-label={`${t('landing.enter')}: ${person.username}`}
        >
          {t('landing.enter')}
        </Button>
        <Button
          mih={44}
          variant="default"
          onClick={beside}
          title={t('landing.beside_hint')}
          data-act="beside"
          aria-label={`${t('landing.beside')}: ${person.username}`}
        >
          {t('landing.beside')}
        </Button>
      </div>
      {blocked && <p role="alert">{t('landing.blocked')}</p>}
    </li>
  );
}
