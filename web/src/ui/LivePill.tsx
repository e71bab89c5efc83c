import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type LiveStatus, useLine } from '../live';
import classes from './chip.module.css';
import { useNow } from './clock';
import { minutesSeconds } from './format';

// A short interruption is no news: the pill waits this long before it says so.
const PATIENCE_MS = 1500;

/** Says whether the screen is up to date, by the line and the screen's own channels, and how many commands wait to be sent. */
export function LivePill({ of = [], unsent = 0 }: { of?: LiveStatus[]; unsent?: number }) {
  const { t } = useTranslation();
  const line = useLine();
  useNow();
  const present = line.line === 'live' && of.every((status) => status === 'live' || status === 'refused');
  const word = wordOf(line.line, usePatient(present), line.wasLive);
  const since = minutesSeconds(Date.now() - line.since);
  return (
    <span className={classes.pill} data-live={word} role="status" title={t('common.live.hint')}>
      <span className={classes.dot} aria-hidden />
      {t(`common.live.${word}`, { since })}
      {unsent > 0 && (
        <span className={classes.unsent} data-unsent={unsent}>
          {unsent} <span className="visually-hidden">{t('common.unsent.count', { count: unsent })}</span>
        </span>
      )}
    </span>
  );
}

function wordOf(line: string, present: boolean, wasLive: boolean) {
  if (line === 'signed_out') return 'signed_out';
  if (present && wasLive) return 'live';
  if (line === 'live') return 'catching_up';
  return wasLive ? 'offline' : 'connecting';
}

/** Becomes true at once, and false only after a while. */
function usePatient(present: boolean): boolean {
  const [shown, setShown] = useState(present);
  useEffect(() => {
    if (present) {
      setShown(true);
      return;
    }
    const timer = setTimeout(() => setShown(false), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [present]);
  return shown || present;
}
