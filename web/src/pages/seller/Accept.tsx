import { Button, SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Part } from '../../domain/shops/parts';
import classes from './seller.module.css';

const MINUTES = ['10', '15', '20', '30'];
type Props = { part: Part; busy: boolean; onAccept: (minutes: number) => void };

/** Accepts a part, and says in how many minutes it is ready. */
export function Accept({ part, busy, onAccept }: Props) {
  const { t } = useTranslation();
  const [minutes, setMinutes] = useState('15');
  return (
    <div className={classes.accept}>
      <SegmentedControl
        fullWidth
        size="md"
        value={minutes}
        onChange={setMinutes}
        aria-label={t('seller.minutes', { code: part.code })}
        data={MINUTES}
      />
      <Button mih={48} loading={busy} onClick={() => onAccept(Number(minutes))} data-act="accept">
        {t('seller.accept', { minutes })}
      </Button>
    </div>
  );
}
