import { Button } from '@mantine/core';
import { IconBackspace } from '@tabler/icons-react';
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../api/problem';
import { ErrorLine } from './ErrorMessage';
import classes from './pin.module.css';

const LENGTH = 6;
const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '', '0', 'Backspace'];

type Props = { send: (pin: string) => Promise<unknown>; onClose?: () => void };

/** Six big digits, by thumb or keyboard; the last one sends. An error is shown here and empties them. */
export function PinPad({ send, onClose }: Props) {
  const { t } = useTranslation();
  const [pin, setPin] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const left =
    error instanceof ApiError && typeof error.members.tries_left === 'number' ? error.members.tries_left : null;
  // The last wrong PIN is answered as wrong; its effect is that the PIN is locked.
  const shown = left === 0 ? new ApiError(423, 'proof_locked', '') : error;
  const locked = shown instanceof ApiError && shown.code === 'proof_locked';

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
    setError(null);
    send(pin)
      .catch(setError)
      .finally(() => {
        setPin('');
        setBusy(false);
      });
  }, [pin]);

  useEffect(() => {
    const typed = (event: KeyboardEvent) => {
      if (/^\d$/.test(event.key) || event.key === 'Backspace') press(event.key);
      if (event.key === 'Escape') onClose?.();
    };
    addEventListener('keydown', typed);
    return () => removeEventListener('keydown', typed);
  }, [press, onClose]);

  return (
    <section className={classes.pin} aria-label={t('common.pin.title')} data-pad="pin">
      <p role="status">{t(busy ? 'common.pin.checking' : 'common.pin.enter')}</p>
      <output className={classes.digits} dir="ltr" aria-label={t('common.pin.title')}>
        {Array.from({ length: LENGTH }, (_, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: six places that never move
          <span key={i} data-filled={i < pin.length || undefined}>
            {pin[i] ?? ''}
          </span>
        ))}
      </output>
      {/* The number of tries stands below: the title is enough. */}
      <ErrorLine error={shown} part={left === null || left === 0 ? 'detail' : 'title'} />
      {left !== null && left > 0 && (
        <p role="status" data-tries={left}>
          {t('common.pin.tries', { count: left })}
        </p>
      )}
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
      {onClose && (
        <Button variant="subtle" mih={48} onClick={onClose}>
          {t('common.back')}
        </Button>
      )}
    </section>
  );
}
