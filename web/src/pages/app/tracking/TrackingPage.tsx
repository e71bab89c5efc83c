import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import {
  isOver,
  type Order,
  type OrderEvent,
  orderSnapshot,
  reduceOrder,
  reduceTrack,
  type Track,
  type TrackEvent,
} from '../../../domain/orders';
import { useLive } from '../../../live';
import { Loading, Refused, TopBar } from '../../../ui';
import { Back } from '../Back';
import { Eta } from './Eta';
import { OrderActions } from './OrderActions';
import { PickupHead } from './PickupHead';
import { Proof } from './Proof';
import { Steps } from './Steps';
import { Stops } from './Stops';
import { TrackMap } from './TrackMap';
import classes from './tracking.module.css';

const keepTrack = (track: Track | undefined, event: TrackEvent) => reduceTrack(track, event);

/** One order to the door: words, time and PIN first, the map when it can. */
export function TrackingPage() {
  const { t } = useTranslation();
  const { id } = useParams({ from: '/app/orders/$id' });
  const order = useLive<Order, OrderEvent>(`order:${id}`, orderSnapshot(id), reduceOrder);
  const status = order.data?.status;
  const watched = status === 'PROCESSING' || status === 'SHIPPED';
  const track = useLive<Track, TrackEvent>(watched ? `track:${id}` : null, null, keepTrack);
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
        <Refused error={order.refused}>
          <Link to="/app">{t('app.to_orders')}</Link>
        </Refused>
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
