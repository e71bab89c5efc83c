import { Button, Menu, Modal } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { newKey } from '../../api/client';
import { advance, type Job, problem, release } from '../../domain/delivery';
import { HoldButton } from '../../ui';
import classes from './crew.module.css';
import { PinPad } from './PinPad';

type Props = { job: Job; onDone: (job: Job) => void; onRefused: (error: unknown) => void };
type Ask = 'give_back' | 'fail';
const kinds = ['customer_absent', 'address', 'accident', 'shop', 'other'] as const;

/** The one thing to do next, held; everything rarer beside it. */
export function JobActions({ job, onDone, onRefused }: Props) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const [atDoor, setAtDoor] = useState(false);
  const [ask, setAsk] = useState<Ask | null>(null);
  const [told, setTold] = useState(false);

  const run = async (work: () => Promise<Job>) => {
    setBusy(true);
    onRefused(null);
    try {
      onDone(await work());
    } catch (refused) {
      onRefused(refused);
    } finally {
      setBusy(false);
      setAsk(null);
    }
  };
  const next = job.stops.find((stop) => stop.picked_up_at === null && stop.prep_status !== 'REJECTED');
  const report = (kind: string) => {
    onRefused(null);
    problem(job.order_id, kind).then(() => setTold(true), onRefused);
  };
  return (
    <div className={classes.acts}>
      {job.status === 'PROCESSING' && next && (
        <HoldButton
          mih={56}
          loading={busy}
          data-act="pick-up"
          onHeld={() => void run(() => advance(job.order_id, { shop_id: next.shop_id }, newKey()))}
        >
          {t('crew.act.pick_up', { shop: next.name })}
        </HoldButton>
      )}
      {job.status === 'PROCESSING' && !next && (
        <HoldButton
          mih={56}
          loading={busy}
          data-act="pick-up"
          onHeld={() => void run(() => advance(job.order_id, {}, newKey()))}
        >
          {t('crew.act.pick_up_all')}
        </HoldButton>
      )}
      {job.status === 'SHIPPED' && !atDoor && (
        <Button mih={56} onClick={() => setAtDoor(true)} data-act="at-door">
          {t('crew.act.at_door')}
        </Button>
      )}
      {job.status === 'SHIPPED' && atDoor && (
        <PinPad
          orderId={job.order_id}
          onDelivered={() => onDone({ ...job, status: 'DELIVERED' })}
          onClose={() => setAtDoor(false)}
        />
      )}
      {job.status === 'DELIVERY_FAILED' && (
        <HoldButton
          mih={56}
          loading={busy}
          data-act="returned"
          onHeld={() => void run(() => advance(job.order_id, { to: 'RETURNED_TO_SHOP', reason: 'returned' }, newKey()))}
        >
          {t('crew.act.failed_return')}
        </HoldButton>
      )}
      <div className={classes.rare}>
        <small>{job.status === 'PROCESSING' && t('crew.hold')}</small>
        {told && <span role="status">{t('crew.problem_sent')}</span>}
        <Menu position="top-end">
          <Menu.Target>
            <Button variant="default" mih={48} data-act="problem">
              {t('crew.problem')}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {kinds.map((kind) => (
              <Menu.Item key={kind} mih={44} onClick={() => report(kind)}>
                {t(`crew.problems.${kind}`)}
              </Menu.Item>
            ))}
            <Menu.Divider />
            {job.status === 'PROCESSING' && (
              <Menu.Item mih={44} color="red" onClick={() => setAsk('give_back')}>
                {t('crew.give_back')}
              </Menu.Item>
            )}
            {job.status === 'SHIPPED' && (
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
          onClick={() =>
            void run(() =>
              ask === 'give_back'
                ? release(job.order_id, 'given back')
                : advance(job.order_id, { to: 'DELIVERY_FAILED', reason: 'could not deliver' }, newKey()),
            )
          }
        >
          {ask && t(`crew.${ask}`)}
        </Button>
      </Modal>
    </div>
  );
}
