import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { isOver, orderSnapshot, reduceOrder, reduceTrack } from '../../../domain/orders';
import { useLive } from '../../../live';
import { ErrorScreen, Loading, TopBar } from '../../../ui';
import { Back } from '../Back';
import { Eta } from './Eta';
import { OrderActions } from './OrderActions';
import { PickupHead } from './PickupHead';
import { Proof } from './Proof';
import { Steps } from './Steps';
import { Stops } from './Stops';
import { TrackMap } from './TrackMap';
import classes from './tracking.module.css';

/** One order until it is delivered: words, time and PIN first, the map when it is loaded. */
export function TrackingPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/app/orders/$id' });
  const order = useLive(`order:${id}`, orderSnapshot(id), reduceOrder);
  const status = order.data?.status;
  const watched = status === 'PROCESSING' || status === 'SHIPPED';
  const track = useLive(watched ? `track:${id}` : null, null, reduceTrack);
  const position = watched ? (track.data?.position ?? null) : null;
  const pickup = order.data?.fulfilment === 'pickup';
  const code = order.data?.code ?? id.slice(-6);
  const statuses = watched ? [order.live, track.live] : [order.live];
  return (
    <div
      className={classes.page}
      data-page="tracking"
      data-live={order.live}
      data-offset={order.at?.offset}
      data-state={status}
      data-track={track.live}
    >
      <TopBar title={<bdi>{code}</bdi>} live={statuses} start={<Back />} />
      {order.refused && (
        <ErrorScreen error={order.refused}>
          <Link to="/app">{t('app.to_orders')}</Link>
        </ErrorScreen>
      )}
      {!order.data && !order.refused && <Loading rows={5} />}
      {order.data && (
        <main className={classes.main}>
          <section className={classes.words}>
            {pickup ? <PickupHead order={order.data} /> : <Eta order={order.data} position={position} />}
            <Steps order={order.data} />
            <Proof order={order.data} />
            {!pickup && (
              <p className={classes.crew}>
                {order.data.crew
                  ? t('app.tracking.crew', { name: order.data.crew.first_name })
                  : !isOver(order.data.status) && t('app.tracking.no_crew')}
              </p>
            )}
            <Stops order={order.data} />
            <OrderActions order={order} />
          </section>
          <TrackMap order={order.data} position={position} />
        </main>
      )}
    </div>
  );
}
