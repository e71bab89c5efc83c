import { SegmentedControl, Switch } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type CrewState, expectedDuty, setDuty } from '../../../domain/delivery';
import type { Live } from '../../../live';
import { ErrorLine, useNow } from '../../../ui';
import { ago } from '../../../ui/format';
import classes from '../crew.module.css';
import { useCommands } from '../outbox/useOutbox';
import { type Position, SOURCES } from './usePosition';

/** The duty switch, and what the server knows of this crew's position. */
export function DutyBar({ crew, position }: { crew: Live<CrewState>; position: Position }) {
  const { t } = useTranslation();
  const [error, setError] = useState<unknown>(null);
  const { state, send } = useCommands();
  // A reversible change of one's own: shown at once, rolled back with the reason.
  const onDuty = expectedDuty(crew.data?.on_duty ?? false, state.stored);
  const change = (next: boolean) => {
    setError(null);
    send((made) => setDuty(made, next)).catch(setError);
  };
  return (
    <div className={classes.duty}>
      <Switch
        size="lg"
        checked={onDuty}
        disabled={crew.data === undefined}
        onChange={(event) => change(event.currentTarget.checked)}
        label={onDuty ? t('crew.duty.on') : t('crew.duty.off')}
        data-act="duty"
      />
      <SegmentedControl
        value={position.source}
        onChange={position.choose}
        aria-label={t('crew.source.label')}
        data={SOURCES.map((value) => ({ value, label: t(`crew.source.${value}`) }))}
      />
      <GpsLine position={position} onDuty={onDuty} />
      {position.denied && <p className={classes.denied}>{t('crew.gps.denied')}</p>}
      <ErrorLine error={error} />
    </div>
  );
}

function GpsLine({ position, onDuty }: { position: Position; onDuty: boolean }) {
  const { t } = useTranslation();
  const now = useNow();
  if (!onDuty) return <span className={classes.gps}>{t('crew.duty.go')}</span>;
  const { fix, at, byRest } = position.sent;
  if (fix === null || at === null) return <span className={classes.gps}>{t('crew.gps.never')}</span>;
  const age = ago(now - at, t) ?? '';
  const key = position.source === 'pad' ? 'pad' : 'sent';
  return (
    <span className={classes.gps}>
      {t(`crew.gps.${key}`, { accuracy: Math.round(fix.accuracy_m), age })}
      {byRest && ` · ${t('crew.gps.by_rest')}`}
    </span>
  );
}
