import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Empty, TopBar } from '../../ui';

export function NothingThere() {
  const { t } = useTranslation();
  return (
    <>
      <TopBar title={t('common.brand')} />
      <Empty title={t('common.nothing_there.title')}>
        <p>{t('common.nothing_there.text')}</p>
        <Link to="/">{t('common.nothing_there.action')}</Link>
      </Empty>
    </>
  );
}
