import { Button } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { homeOf, signOut, type User } from '../../session';
import classes from './landing.module.css';

export function ContinueAs({ user }: { user: User }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <div className={classes.goOn}>
      <Button mih={48} onClick={() => void navigate({ to: homeOf(user.role) })} data-act="go-on">
        {t('landing.go_on_as', { name: user.username ?? user.first_name })}
      </Button>
      <Button variant="subtle" mih={48} onClick={() => void signOut()}>
        {t('common.sign_out')}
      </Button>
    </div>
  );
}
