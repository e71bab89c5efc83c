import { Button, Menu, Modal } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  confirm,
  expected,
  fail,
  giveBack,
  hasGoods,
  type Job,
  type ProblemKind,
  pickUp,
  pickUpAll,
  reportProblem,
  returned,
  type Spot,
} from '../../../domain/delivery';
import { QUEUED } from '../../../live/outbox';
import { HoldButton } from '../../../ui';
import { PinPad } from '../../../ui/PinPad';
import classes from '../crew.module.css';
import { type Commands, useCommands } from '../outbox/useOutbox';

type Props = {
  job: Job;
  here: Spot | null;
  /** How often staff unlocked the PIN: each time the pad begins again. */
  unlocked: number;
  onError: (error: unknown) => void;
};
type Ask = 'give_back' | 'fail';
const kinds = ['customer_absent', 'address', 'accident', 'shop', 'other'] as const satisfies ProblemKind[];

/** The one thing to do next, held; everything rarer beside it. Without a line the work goes on: commands wait to be sent. */
export function JobActions({ job, here, unlocked, onError }: Props) {
  const { t } = useTranslation();
  const commands = useCommands();
  const [busy, setBusy] = useState(false);
  const [atDoor, setAtDoor] = useState(false);
  const [ask, setAsk] = useState<Ask | null>(null);
  const [isReported, setReported] = useState(false);
  const { stored, awaited } = commands.state;
  // A command whose answer is awaited does not count yet: the answer comes in a moment, and in place.
  const will = expected(
    job,
    stored.filter((command) => !awaited.has(command.id)),
  );

  const run = async (make: Parameters<Commands['send']>[0]) => {
    setBusy(true);
    onError(null);
    try {
      return await commands.send(make);
    } catch (caught) {
      onError(caught);
      return null;
    } finally {
      setBusy(false);
      setAsk(null);
    }
  };
  const next = will.stops.find((stop) => !hasGoods(stop));
  const report = async (kind: ProblemKind) => {
    const outcome = await run((made) => reportProblem(made, job, kind));
    setReported(outcome !== null && outcome !== QUEUED);
  };
  return (
    <div className={classes.acts}>
      {will.status === 'PROCESSING' && next && (
        <HoldButton
          mih={56}
          loading={busy}
          data-act="pick-up"
          onHeld={() => void run((made) => pickUp(made, job, next))}
        >
          {t('crew.act.pick_up', { shop: next.name })}
        </HoldButton>
      )}
      {will.status === 'PROCESSING' && !next && (
        <HoldButton mih={56} loading={busy} data-act="pick-up" onHeld={() => void run((made) => pickUpAll(made, job))}>
          {t('crew.act.pick_up_all')}
        </HoldButton>
      )}
      {/* The customer has no PIN before the server knows that everything was picked up. */}
      {will.status === 'SHIPPED' && job.status !== 'SHIPPED' && <p className={classes.later}>{t('crew.pin.later')}</p>}
      {will.status === 'SHIPPED' && job.status === 'SHIPPED' && !atDoor && (
        <Button mih={56} onClick={() => setAtDoor(true)} data-act="at-door">
          {t('crew.act.at_door')}
        </Button>
      )}
      {will.status === 'SHIPPED' && job.status === 'SHIPPED' && atDoor && (
        <PinPad
          key={unlocked}
          send={(pin) => commands.send((made) => confirm(made, job, pin, here))}
          onClose={() => setAtDoor(false)}
        />
      )}
      {will.status === 'DELIVERY_FAILED' && (
        <HoldButton mih={56} loading={busy} data-act="returned" onHeld={() => void run((made) => returned(made, job))}>
          {t('crew.act.failed_return')}
        </HoldButton>
      )}
      <div className={classes.rare}>
        <small>{will.status === 'PROCESSING' && t('crew.hold')}</small>
        {isReported && <span role="status">{t('crew.problem_sent')}</span>}
        <Menu position="top-end">
          <Menu.Target>
            <Button variant="default" mih={48} data-act="problem">
              {t('crew.problem')}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {kinds.map((kind) => (
              <Menu.Item key={kind} mih={44} onClick={() => void report(kind)}>
                {t(`crew.problems.${kind}`)}
              </Menu.Item>
            ))}
            <Menu.Divider />
            {will.status === 'PROCESSING' && (
              <Menu.Item mih={44} color="red" onClick={() => setAsk('give_back')}>
                {t('crew.give_back')}
              </Menu.Item>
            )}
            {will.status === 'SHIPPED' && (
              <Menu.Item mih={44} color="red" onClick={() => setAsk('fail')}>
                {t('crew.fail')}
              </Menu.Item>
            )}
          </Menu.Dropdown>
        </Menu>
      </div>
      <Modal
        opened={ask !== null}
        onClose={() => setAsk(null)}
        title={ask ? t(`crew.${ask}`) : ''}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <p>{ask && t(`crew.${ask}_ask`)}</p>
        <Button
          color="red"
          fullWidth
          mih={56}
          loading={busy}
          data-act="sure"
          onClick={() => void run((made) => (ask === 'give_back' ? giveBack(made, job) : fail(made, job)))}
        >
          {ask && t(`crew.${ask}`)}
        </Button>
      </Modal>
    </div>
  );
}
