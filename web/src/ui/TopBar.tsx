import { ActionIcon, Button, Menu, Modal, useMantineColorScheme } from '@mantine/core';
import { IconLanguage, IconLogout, IconMoonStars, IconSun, IconUser } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isLanguage, LANGUAGES, languageNames } from '../i18n';
import type { LiveStatus } from '../live';
import { signOut, useUser } from '../session';
import { LivePill } from './LivePill';
import classes from './topbar.module.css';

type Props = {
  title: ReactNode;
  live?: LiveStatus[];
  start?: ReactNode;
  /** Commands that wait for the line: signing out asks first. */
  unsent?: number;
};

/** The bar of every page: its title, whether it is up to date, and the person's own switches. */
export function TopBar({ title, live, start, unsent = 0 }: Props) {
  const user = useUser();
  return (
    <header className={classes.bar}>
      {start ?? <Mark />}
      <h1 className={classes.title}>{title}</h1>
      {user && <LivePill of={live ?? []} unsent={unsent} />}
      <ThemeSwitch />
      <LanguageMenu />
      {user && <AccountMenu unsent={unsent} />}
    </header>
  );
}

function Mark() {
  return <img src="/assets/icon.svg" alt="" width={28} height={28} />;
}

function ThemeSwitch() {
  const { t } = useTranslation();
  const { setColorScheme } = useMantineColorScheme();
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={36}
          aria-label={t('common.theme.label')}
          className={classes.icon}
        >
          <IconSun size={20} className={classes.light} aria-hidden />
          <IconMoonStars size={20} className={classes.dark} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(['light', 'dark', 'auto'] as const).map((scheme) => (
          <Menu.Item key={scheme} onClick={() => setColorScheme(scheme)} data-scheme={scheme}>
            {t(`common.theme.${scheme}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function LanguageMenu() {
  const { t, i18n } = useTranslation();
  // Another language is another address: the page is loaded again at the same place.
  const go = (language: string) => {
    const parts = location.pathname.split('/');
    if (isLanguage(parts[1])) parts[1] = language;
    location.assign(parts.join('/') + location.search);
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size={36} aria-label={t('common.language')} className={classes.icon}>
          <IconLanguage size={20} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {LANGUAGES.map((language) => (
          <Menu.Item key={language} lang={language} disabled={language === i18n.language} onClick={() => go(language)}>
            {languageNames[language]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function AccountMenu({ unsent }: { unsent: number }) {
  const { t } = useTranslation();
  const user = useUser();
  const [asks, setAsks] = useState(false);
  const leave = () => (unsent > 0 ? setAsks(true) : void signOut());
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size={36} aria-label={t('common.account')} className={classes.icon}>
            <IconUser size={20} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            <bdi>{user?.username ?? user?.email}</bdi>
          </Menu.Label>
          <Menu.Item leftSection={<IconLogout size={16} className="along" aria-hidden />} onClick={leave}>
            {t('common.sign_out')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={asks}
        onClose={() => setAsks(false)}
        title={t('common.sign_out')}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <p>{t('common.unsent.ask', { count: unsent })}</p>
        <Button fullWidth mih={48} onClick={() => setAsks(false)} data-autofocus>
          {t('common.unsent.stay')}
        </Button>
        <Button variant="subtle" color="red" fullWidth mih={48} mt={16} onClick={() => void signOut()} data-act="leave">
          {t('common.sign_out')}
        </Button>
      </Modal>
    </>
  );
}
