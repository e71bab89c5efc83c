import { Button } from '@mantine/core';
import { IconMoped, IconShoppingBag } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { accept, markReady, type Part } from '../../domain/shops/parts';
import { ErrorLine, Money, useTint } from '../../ui';
import { money } from '../../ui/format';
import { Accept } from './Accept';
import { Clock } from './Clock';
import { HandOver } from './HandOver';
import { Reject } from './Reject';
import classes from './seller.module.css';

type Props = { part: Part; error: unknown; onError: (error: unknown) => void; onDone: () => void };

/** One part of an order, and what the shop can do with it in this state. */
export function PartCard({ part, error, onError, onDone }: Props) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const tint = useTint<HTMLLIElement>(part.prep_status);
  const run = async (command: Promise<unknown>) => {
    setBusy(true);
    onError(null);
    await command.catch(onError);
    // Also after an error: the order moved on, and the card with it.
    onDone();
    setBusy(false);
  };
  const Way = part.fulfilment === 'pickup' ? IconShoppingBag : IconMoped;
  return (
    <li
      ref={tint}
      className={classes.part}
      data-id={part.order_id}
      data-state={part.prep_status}
      data-way={part.fulfilment}
    >
      <p className={classes.head}>
        <strong>
          <bdi>{part.code}</bdi>
        </strong>
        <Money amount={part.subtotal} currency={part.currency} />
      </p>
      <p className={classes.way}>
        <Way size={18} aria-hidden />
        <span>
          {t(`orders.way.${part.fulfilment}`)} · <bdi>{part.customer_name}</bdi>
        </span>
      </p>
      <ul className={classes.lines}>
        {part.lines.map((line) => (
          <li key={line.id}>
            <span className="number">{line.quantity} ×</span> <span dir="auto">{line.name}</span>
          </li>
        ))}
      </ul>
      {part.note && (
        <p className={classes.note}>
          <bdi>{part.note}</bdi>
        </p>
      )}
      <Clock part={part} />
      <ErrorLine error={error} />
      {part.prep_status === 'NEW' && (
        <>
          <Accept part={part} busy={busy} onAccept={(minutes) => void run(accept(part, minutes))} />
          <Reject part={part} onError={onError} onDone={onDone} />
        </>
      )}
      {part.prep_status === 'ACCEPTED' && (
        <Button mih={48} loading={busy} onClick={() => void run(markReady(part))} data-act="ready">
          {t('seller.ready')}
        </Button>
      )}
      {part.prep_status === 'READY' && part.fulfilment === 'pickup' && (
        <>
          <p className={classes.cash}>
            {part.payment_mode === 'COP'
              ? t('seller.collect', { money: `\u2068${money(part.subtotal, part.currency)}\u2069` })
              : t('seller.paid')}
          </p>
          <HandOver part={part} onDone={onDone} />
        </>
      )}
    </li>
  );
}
