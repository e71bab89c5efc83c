import { Button, Modal, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Part, prepare } from '../../domain/shops/parts';
import { Money, useNow, useTint } from '../../ui';
import { minutesSeconds } from '../../ui/format';
import classes from './seller.module.css';

const MINUTES = 15;
type Props = { part: Part; onDone: () => void; onRefused: (error: unknown) => void };

export function PartCard({ part, onDone, onRefused }: Props) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [rejects, setRejects] = useState(false);
  const tint = useTint<HTMLLIElement>(part.prep_status);
  const run = async (deed: Parameters<typeof prepare>[1]) => {
    setBusy(true);
    onRefused(null);
    try {
      await prepare(part, deed);
      onDone();
    } catch (refused) {
      onRefused(refused);
    } finally {
      setBusy(false);
      setRejects(false);
    }
  };
  const reject = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    void run({ deed: 'reject', reason: String(new FormData(event.currentTarget).get('reason') ?? '') });
  };
  return (
    <li ref={tint} className={classes.part} data-id={part.order_id} data-state={part.prep_status}>
      <p className={classes.head}>
        <strong>
          <bdi>{part.code}</bdi>
        </strong>
        <Money amount={part.subtotal} currency={part.currency} />
      </p>
      <ul className={classes.lines}>
        {part.lines.map((line) => (
          <li key={line.id}>
            <span className="number">{line.quantity} ×</span> <span dir="auto">{line.name}</span>
          </li>
        ))}
      </ul>
      <Clock part={part} />
      {part.prep_status === 'NEW' && (
        <div className={classes.acts}>
          <Button
            mih={48}
            loading={busy}
            onClick={() => void run({ deed: 'accept', prep_minutes: MINUTES })}
            data-act="accept"
          >
            {t('seller.accept', { minutes: MINUTES })}
          </Button>
          <Button mih={48} variant="default" onClick={() => setRejects(true)} data-act="reject">
            {t('seller.reject')}
          </Button>
        </div>
      )}
      {part.prep_status === 'ACCEPTED' && (
        <Button mih={48} loading={busy} onClick={() => void run({ deed: 'ready' })} data-act="ready">
          {t('seller.ready')}
        </Button>
      )}
      <Modal
        opened={rejects}
        onClose={() => setRejects(false)}
        title={t('seller.reject_title', { code: part.code })}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <form onSubmit={reject}>
          <p>{t('seller.reject_ask')}</p>
          <TextInput name="reason" label={t('staff.reason')} required withAsterisk={false} data-autofocus dir="auto" />
          <Button type="submit" color="red" fullWidth mt={16} mih={48} loading={busy} data-act="sure">
            {t('seller.reject')}
          </Button>
        </form>
      </Modal>
    </li>
  );
}

/** What the clock says of this part, by the server's time. */
function Clock({ part }: { part: Part }) {
  const { t } = useTranslation();
  const now = useNow();
  if (part.prep_status === 'READY')
    return (
      <p className={classes.clock}>
        {part.crew ? t('seller.crew_comes', { name: part.crew.first_name }) : t('seller.no_crew')}
      </p>
    );
  const due = part.prep_status === 'NEW' ? part.accept_by : part.ready_at;
  if (!due) return null;
  const left = Date.parse(due) - now;
  const time = minutesSeconds(Math.abs(left));
  const key = left < 0 ? 'late' : part.prep_status === 'NEW' ? 'accept_within' : 'ready_in';
  return (
    <p className={classes.clock} data-late={left < 0 || undefined}>
      {t(`seller.${key}`, { left: time, late: time })}
    </p>
  );
}
