import { Button } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconClockUp } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Refusal } from '../../../api/problem';
import { DUTY } from '../../../domain/delivery';
import type { Deed, Reason } from '../../../live/queue';
import { useSentence, When } from '../../../ui';
import classes from '../crew.module.css';
import { useDeeds } from './useOutbox';

type State = 'waiting' | 'sending' | 'sent' | 'refused';
const icons = { waiting: IconClockUp, sending: IconClockUp, sent: IconCheck, refused: IconAlertTriangle };

/** What was done without a line: waiting, sent, or why the server would not. `named` says of which order, where no card does. */
export function DeedRows({ of, named = false }: { of: (deed: Deed) => boolean; named?: boolean }) {
  const { state } = useDeeds();
  const kept = state.kept.filter((deed) => !state.asked.has(deed.id) && of(deed));
  const sent = state.sent.filter(of);
  if (kept.length + sent.length === 0) return null;
  return (
    <ul className={classes.deeds}>
      {sent.map((deed) => (
        <DeedRow key={deed.id} deed={deed} state="sent" reason={null} named={named} />
      ))}
      {kept.map((deed) => (
        <DeedRow
          key={deed.id}
          deed={deed}
          state={deed.refused ? 'refused' : state.sending === deed.id ? 'sending' : 'waiting'}
          reason={deed.refused}
          named={named}
        />
      ))}
    </ul>
  );
}

type Props = { deed: Deed; state: State; reason: Reason | null; named: boolean };

function DeedRow({ deed, state, reason, named }: Props) {
  const { t } = useTranslation();
  const { forget } = useDeeds();
  const Icon = icons[state];
  return (
    <li className={classes.deed} data-deed={deed.kind} data-about={deed.about} data-state={state}>
      <Icon size={20} aria-hidden />
      <span>
        {named && deed.words.code && <bdi>{deed.words.code} · </bdi>}
        <Label deed={deed} />
        <small role="status">
          {' '}
          {reason ? <Why reason={reason} /> : t(`crew.outbox.${state}`)} · <When at={deed.at} />
        </small>
      </span>
      {reason && (
        <Button variant="default" mih={48} onClick={() => forget(deed.id)} data-act="forget">
          {t('crew.outbox.forget')}
        </Button>
      )}
    </li>
  );
}

function Label({ deed }: { deed: Deed }) {
  const { t } = useTranslation();
  if (deed.about === DUTY) return t(`crew.duty.${deed.words.to}`);
  if (deed.kind === 'problem') return t('crew.deed.problem', { what: t(`crew.problems.${deed.words.what}`) });
  return t(`crew.deed.${deed.kind}`, { shop: deed.words.shop ?? '' });
}

function Why({ reason }: { reason: Reason }) {
  const { t } = useTranslation();
  const sentence = useSentence();
  // An order that is not found was this crew's when it was pressed.
  const code = reason.code === 'not_found' ? 'not_your_job' : reason.code;
  const left = reason.members.tries_left;
  return (
    <span data-refusal={code}>
      {sentence(new Refusal(reason.status, code, reason.detail))}
      {typeof left === 'number' && ` ${t('common.pin.tries', { count: left })}`}
    </span>
  );
}
