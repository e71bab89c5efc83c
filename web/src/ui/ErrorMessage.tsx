import { Button } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/problem';
import { filled, type Sentence } from '../i18n/catalogue';
import classes from './states.module.css';

type Part = keyof Sentence;

const codeOf = (error: unknown): string => (error instanceof ApiError ? error.code : 'unreachable');

/** The sentence for anything that went wrong: the catalogue's by slug, else the server's own words. */
export function useSentence(): (error: unknown, part?: Part) => string {
  const { t, i18n } = useTranslation();
  return (error, part = 'detail') => {
    const code = codeOf(error);
    const members = error instanceof ApiError ? error.members : {};
    const said = error instanceof ApiError ? error.detail : '';
    const text = (key: string) => (i18n.exists(key) ? filled(t(key), members) : null);
    return (
      text(`errors.${code}.${part}`) ||
      said ||
      text(`errors.${code}.title`) ||
      t('errors.other.detail').replace('{code}', code)
    );
  };
}

/** An error in place, beside what was pressed. */
export function ErrorLine({ error, part }: { error: unknown; part?: Part }) {
  const sentence = useSentence();
  if (error === null || error === undefined) return null;
  return (
    <p className={classes.line} role="alert" data-error={codeOf(error)}>
      <IconAlertTriangle size={18} aria-hidden />
      <span>{sentence(error, part)}</span>
    </p>
  );
}

/** A screen that could not be loaded: why, and the next step. */
export function ErrorScreen({ error, again, children }: { error: unknown; again?: () => void; children?: ReactNode }) {
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
