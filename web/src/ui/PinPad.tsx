import { Button } from '@mantine/core';
import { IconBackspace } from '@tabler/icons-react';
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Refusal } from '../api/refusal';
import classes from './pin.module.css';
import { RefusalLine } from './Refused';

const LENGTH = 6;
const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '', '0', 'Backspace'];

/** Six big digits, by thumb or keyboard; the last one sends. A refusal says so here and empties them. */
export function PinPad({ send }: { send: (pin: string) => Promise<void> }) {
  const { t } = useTranslation();
  const [pin, setPin] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const locked = error instanceof Refusal && error.code === 'proof_locked';
  const left =
    error instanceof Refusal && typeof error.members.tries_left === 'number' ? error.members.tries_left : null;

  const press = useCallback(
    (key: string) => {
      if (busy || locked) return;
      setPin((before) => (key === 'Backspace' ? before.slice(0, -1) : before.length < LENGTH ? before + key : before));
    },
    [busy, locked],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: once per full PIN, whatever the parent renders
  useEffect(() => {
    if (pin.length < LENGTH) return;
    setBusy(true);
    send(pin)
      .catch((refused: unknown) => {
        setError(refused);
        setPin('');
      })
      .finally(() => setBusy(false));
  }, [pin]);

  useEffect(() => {
    const typed = (event: KeyboardEvent) => {
      if (/^\d$/.test(event.key) || event.key === 'Backspace') press(event.key);
    };
    addEventListener('keydown', typed);
    return () => removeEventListener('keydown', typed);
  }, [press]);

  return (
    <section className={classes.pin} aria-label={t('common.pin.title')} data-pad="pin">
      <p>{t('common.pin.enter')}</p>
      <output className={classes.digits} dir="ltr" aria-label={t('common.pin.title')}>
        {Array.from({ length: LENGTH }, (_, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: six places that never move
          <span key={i} data-filled={i < pin.length || undefined}>
            {pin[i] ?? ''}
          </span>
        ))}
      </output>
      <RefusalLine error={error} />
      {left !== null && <p role="status">{t('common.pin.tries', { count: left })}</p>}
      <div className={classes.keys} dir="ltr">
        {KEYS.map((key) =>
          key === '' ? (
            <span key="none" />
          ) : (
            <Button
              key={key}
              variant="default"
              mih={56}
              fz={20}
              disabled={busy || locked}
              onClick={() => press(key)}
              aria-label={key === 'Backspace' ? t('common.pin.delete') : t('common.pin.digit', { digit: key })}
              data-key={key}
            >
              {key === 'Backspace' ? <IconBackspace size={24} aria-hidden /> : key}
            </Button>
          ),
        )}
      </div>
    </section>
  );
}
