import { lazy } from 'react';
import { useTranslation } from 'react-i18next';
import { useMapCenter } from '../../../api/meta';
import { liveParts, type Order, type Track } from '../../../domain/orders';
import { CityMap, loadAgain } from '../../../map';
import classes from './tracking.module.css';

// Loaded with the map, not before it.
const TrackLayers = lazy(() =>
  loadAgain(() => import('./TrackLayers').then((module) => ({ default: module.TrackLayers }))),
);

export function TrackMap({ order, position }: { order: Order; position: Track['position'] }) {
  const { t } = useTranslation();
  const center = useMapCenter();
  const pickup = order.fulfilment === 'pickup';
  const goal = pickup ? liveParts(order)[0] : order.dropoff;
  const at: [number, number] = goal ? [goal.lng, goal.lat] : center;
  return (
    <div
      className={classes.map}
      data-position={position ? (position.coarse ? 'coarse' : 'exact') : 'none'}
      data-lat={position?.lat}
      data-lng={position?.lng}
    >
      <CityMap label={t(pickup ? 'app.pickup.map' : 'app.tracking.map')} center={at} zoom={14.5}>
        <TrackLayers order={order} position={position} />
      </CityMap>
    </div>
  );
}
