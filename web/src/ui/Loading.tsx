import { Skeleton } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import classes from './states.module.css';

/** The content's shape, after 150 ms. */
export function Loading({ rows = 4, height = 72 }: { rows?: number; height?: number }) {
  const { t } = useTranslation();
  return (
    <div className={classes.shape} role="status" aria-label={t('common.loading')}>
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are alike and never move
        <Skeleton key={row} height={height} radius={12} />
      ))}
    </div>
  );
}
