import { Button } from '@mantine/core';
import { IconAlertTriangle, IconMoodEmpty } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Refusal } from '../api/problem';
import classes from './states.module.css';

/** The sentence for anything that went wrong: ours by slug, else the server's own words. */
export function useSentence(): (error: unknown) => string {
  const { t, i18n } = useTranslation();
  return (error) => {
    if (!(error instanceof Refusal)) return t('refusals.unreachable');
    const key = `refusals.${error.code}`;
    if (i18n.exists(key)) return t(key);
    return error.detail || t('refusals.other', { code: error.code });
  };
}

/** A refusal in place, beside what was pressed. */
export function RefusalLine({ error }: { error: unknown }) {
  const sentence = useSentence();
  if (error === null || error === undefined) return null;
  return (
    <p className={classes.line} role="alert" data-refusal={error instanceof Refusal ? error.code : 'unreachable'}>
      <IconAlertTriangle size={18} aria-hidden />
      <span>{sentence(error)}</span>
    </p>
  );
}

/** A screen that could not be had: why, and the next step. */
export function Refused({ error, again, children }: { error: unknown; again?: () => void; children?: ReactNode }) {
  const { t } = useTranslation();
  const sentence = useSentence();
  return (
    <div className={classes.screen} role="alert">
      <IconAlertTriangle size={32} aria-hidden />
      <p>{sentence(error)}</p>
      {again && (
        <Button variant="default" onClick={again}>
          {t('common.retry')}
        </Button>
      )}
      {children}
    </div>
  );
}

/** Nothing here yet: what would be, and the action that fills it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={classes.screen}>
      <IconMoodEmpty size={32} aria-hidden />
      <p>{title}</p>
      {children}
    </div>
  );
}
