import { Button } from '@mantine/core';
import { IconBuildingStore, IconHeadset, IconMoped, IconShoppingBag } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { DemoPerson, Meta } from '../../api/meta';
import { homeOf, type Role, signIn } from '../../session';
import { RefusalLine } from '../../ui';
import classes from './landing.module.css';

const icons: Record<Role, typeof IconMoped> = {
  customer: IconShoppingBag,
  seller: IconBuildingStore,
  crew: IconMoped,
  staff: IconHeadset,
  admin: IconHeadset,
  superadmin: IconHeadset,
};

/** The people of the demo city: one click to be one, another to have one beside. */
export function DemoPeople({ demo }: { demo: NonNullable<Meta['demo']> }) {
  const { t } = useTranslation();
  const [error, setError] = useState<unknown>(null);
  return (
    <section className={classes.demo} aria-labelledby="demo-people">
      <h2 id="demo-people">{t('door.demo')}</h2>
      <p>{t('door.demo_text')}</p>
      <RefusalLine error={error} />
      <ul className={classes.people}>
        {demo.people.map((person) => (
          <Person key={person.username} person={person} password={demo.password} onRefused={setError} />
        ))}
      </ul>
    </section>
  );
}

type PersonProps = { person: DemoPerson; password: string; onRefused: (error: unknown) => void };

function Person({ person, password, onRefused }: PersonProps) {
  const { t, i18n } = useTranslation();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const [blocked, setBlocked] = useState(false);
  const Icon = icons[person.role];
  const enter = async () => {
    setBusy(true);
    onRefused(null);
    try {
      const user = await signIn(person.username, password);
      await navigate({ to: homeOf(user.role) });
    } catch (error) {
      onRefused(error);
      setBusy(false);
    }
  };
  // The new tab signs itself in: a slot of its own, so this tab stays who it is.
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
        <span>{t(`door.roles.${person.role}`)}</span>
      </div>
      <p className={classes.does}>{t(`door.does.${person.role}`)}</p>
      <div className={classes.acts}>
        <Button
          mih={44}
          loading={busy}
          onClick={() => void enter()}
          data-act="enter"
          aria-label={`${t('door.enter')}: ${person.username}`}
        >
          {t('door.enter')}
        </Button>
        <Button
          mih={44}
          variant="default"
          onClick={beside}
          title={t('door.beside_hint')}
          data-act="beside"
          aria-label={`${t('door.beside')}: ${person.username}`}
        >
          {t('door.beside')}
        </Button>
      </div>
      {blocked && <p role="alert">{t('door.blocked')}</p>}
    </li>
  );
}
