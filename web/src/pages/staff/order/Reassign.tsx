import { Button, TextInput } from '@mantine/core';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../../api/problem';
import { metres } from '../../../domain/delivery';
import type { Order } from '../../../domain/orders';
import { reassign } from '../../../domain/staff';
import type { Positioned, Positions } from '../../../live';
import { Distance, ErrorLine, useNow } from '../../../ui';
import { ago } from '../../../ui/format';
import { useDots } from '../crews/useCrews';
import classes from '../staff.module.css';

const OFFERED = 8;

type Props = { order: Order; positions: Positions; onDone: (answer: Positioned) => void };

/** Nearest crews first, with their load and the age of their position; a reason is required. */
export function Reassign({ order, positions, onDone }: Props) {
  const { t } = useTranslation();
  const now = useNow();
  useDots(positions);
  const field = useRef<HTMLInputElement>(null);
  const [reason, setReason] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState<string | null>(null);
  const from = order.shop_orders[0];
  const near = positions
    .all()
    .filter((dot) => (dot.status === 'free' || dot.status === 'busy') && dot.id !== order.crew?.id)
    .map((dot) => ({ ...dot, away: from ? metres(dot, from) : 0 }))
    .sort((a, b) => a.away - b.away)
    .slice(0, OFFERED);
  const give = async (crew: string | null) => {
    setBusy(crew ?? 'list');
    setError(null);
    try {
      onDone(await reassign(order.id, crew, reason.trim()));
    } catch (caught) {
      setError(caught);
      if (caught instanceof ApiError && caught.code === 'reason_required') field.current?.focus();
    } finally {
      setBusy(null);
    }
  };
  return (
    <section
      className={classes.reassign}
      aria-label={t('staff.reassign_title', { code: order.code })}
      data-pad="reassign"
    >
      <TextInput
        ref={field}
        label={t('staff.reason')}
        description={t('staff.reason_hint')}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
        autoFocus
        dir="auto"
      />
      <ErrorLine error={error} />
      {near.length === 0 && <p>{t('staff.nobody')}</p>}
      <ul className={classes.offers}>
        {near.map((dot) => (
          <li key={dot.id}>
            <Button
              variant="default"
              justify="space-between"
              fullWidth
              mih={40}
              loading={busy === dot.id}
              onClick={() => void give(dot.id)}
              data-id={dot.id}
            >
              <span dir="auto">{dot.name}</span>
              <small>
                {t('staff.load', { count: dot.active })} · <Distance metres={dot.away} /> ·{' '}
                {ago(now - Date.parse(dot.at), t)}
              </small>
            </Button>
          </li>
        ))}
      </ul>
      {order.crew && order.status === 'PROCESSING' && (
        <Button variant="default" mih={40} loading={busy === 'list'} onClick={() => void give(null)} data-act="to-list">
          {t('staff.back_to_list')}
        </Button>
      )}
    </section>
  );
}
