import { Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from '../staff.module.css';

const keys = [
  ['/', 'search'],
  ['b', 'board'],
  ['m', 'map'],
  ['j', 'next'],
  ['k', 'previous'],
  ['r', 'reassign'],
  ['f', 'follow'],
  ['Esc', 'close'],
  ['?', 'help'],
] as const;

export function KeySheet({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('staff.keys.title')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <dl className={classes.keys}>
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(`staff.keys.${what}`)}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
