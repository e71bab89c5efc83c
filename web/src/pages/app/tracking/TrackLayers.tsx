import { useTranslation } from 'react-i18next';
import type { Order, Track } from '../../../domain/orders';
import type { Point } from '../../../map';
import { Fit } from '../../../map/Fit';
import { Circle, Path } from '../../../map/Path';
import { Pin } from '../../../map/Pin';
import { useNow } from '../../../ui';

/** Shops, drop-off, and the crew as exactly as the customer may know its place. */
export function TrackLayers({ order, position }: { order: Order; position: Track['position'] }) {
  const { t } = useTranslation();
  const now = useNow();
  const exact = position && !position.coarse;
  const old = position !== null && now - Date.parse(position.at) > 60_000;
  const door = order.dropoff;
  const shops = order.shop_orders;
  const points: Point[] = [
    ...(position ? [[position.lng, position.lat] as const] : []),
    ...(door ? [[door.lng, door.lat] as const] : []),
    ...(order.status === 'SHIPPED' ? [] : shops.map((shop) => [shop.lng, shop.lat] as const)),
  ];
  const way: Point[] =
    exact && door && order.status === 'SHIPPED'
      ? [
          [position.lng, position.lat],
          [door.lng, door.lat],
        ]
      : [];
  return (
    <>
      {position?.coarse && (
        <Circle id="roughly" lat={position.lat} lng={position.lng} radius_m={position.radius_m ?? 600} />
      )}
      <Path id="way" points={way} dashed />
      {shops.map((shop) => (
        <Pin
          key={shop.id}
          kind="shop"
          lat={shop.lat}
          lng={shop.lng}
          title={shop.name}
          old={shop.picked_up_at != null}
        />
      ))}
      {door && <Pin kind="home" lat={door.lat} lng={door.lng} title={t('app.tracking.door')} />}
      {exact && (
        <Pin
          kind="crew"
          lat={position.lat}
          lng={position.lng}
          at={Date.parse(position.at)}
          title={order.crew?.first_name ?? ''}
          old={old}
        />
      )}
      <Fit points={points} of={`${order.status} ${position ? 'seen' : 'unseen'}`} maxZoom={16} />
    </>
  );
}
