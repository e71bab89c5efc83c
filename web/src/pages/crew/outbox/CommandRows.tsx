import { Button } from '@mantine/core';
import { IconAlertTriangle, IconCheck, IconClockUp } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../../api/problem';
import { DUTY } from '../../../domain/delivery';
import type { Command, Reason } from '../../../live/queue';
import { useSentence, When } from '../../../ui';
import classes from '../crew.module.css';
import { useCommands } from './useOutbox';

type State = 'waiting' | 'sending' | 'sent' | 'refused';
const icons = { waiting: IconClockUp, sending: IconClockUp, sent: IconCheck, refused: IconAlertTriangle };

/** Commands given without a line: waiting, sent, or why the server refused them. `named` shows the order's code, where no card does. */
export function CommandRows({ of, named = false }: { of: (command: Command) => boolean; named?: boolean }) {
  const { state } = useCommands();
  const stored = state.stored.filter((command) => !state.awaited.has(command.id) && of(command));
  const sent = state.sent.filter(of);
  if (stored.length + sent.length === 0) return null;
  return (
    <ul className={classes.commands}>
      {sent.map((command) => (
        <CommandRow key={command.id} command={command} state="sent" reason={null} named={named} />
      ))}
      {stored.map((command) => (
        <CommandRow
          key={command.id}
          command={command}
          state={command.refused ? 'refused' : state.sending === command.id ? 'sending' : 'waiting'}
          reason={command.refused}
          named={named}
        />
      ))}
    </ul>
  );
}

type Props = { command: Command; state: State; reason: Reason | null; named: boolean };

function CommandRow({ command, state, reason, named }: Props) {
  const { t } = useTranslation();
  const { dismiss } = useCommands();
  const Icon = icons[state];
  return (
    <li className={classes.command} data-command={command.kind} data-about={command.about} data-state={state}>
      <Icon size={20} aria-hidden />
      <span>
        {named && command.words.code && <bdi>{command.words.code} · </bdi>}
        <Label command={command} />
        <small role="status">
          {' '}
          {reason ? <ReasonText reason={reason} /> : t(`crew.outbox.${state}`)} · <When at={command.at} />
        </small>
      </span>
      {reason && (
        <Button variant="default" mih={48} onClick={() => dismiss(command.id)} data-act="dismiss">
          {t('crew.outbox.dismiss')}
        </Button>
      )}
    </li>
  );
}

function Label({ command }: { command: Command }) {
  const { t } = useTranslation();
  if (command.kind === DUTY) return t(`crew.duty.${command.words.to}`);
  if (command.kind === 'problem') return t('crew.command.problem', { what: t(`crew.problems.${command.words.what}`) });
  return t(`crew.command.${command.kind}`, { shop: command.words.shop ?? '' });
}

function ReasonText({ reason }: { reason: Reason }) {
  const { t } = useTranslation();
  const sentence = useSentence();
  // An order that is not found now was this crew's when the command was given.
  const code = reason.code === 'not_found' ? 'not_your_job' : reason.code;
  const left = reason.members.tries_left;
  // The number of tries follows: the title is enough.
  const part = typeof left === 'number' ? 'title' : 'detail';
  return (
    <span data-error={code}>
      {sentence(new ApiError(reason.status, code, reason.detail, [], reason.members), part)}
      {typeof left === 'number' && ` ${t('common.pin.tries', { count: left })}`}
    </span>
  );
}
