import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { orderSnapshot, reduceOrder } from '../../../domain/orders';
import { type CityCell, heatOf, trailQuery } from '../../../domain/staff';
import { type Positions, useLive } from '../../../live';
import type { Point } from '../../../map';
import { Cells, type Hex } from '../../../map/Cells';
import { CrewDots } from '../../../map/CrewDots';
import { Fit } from '../../../map/Fit';
import { Path } from '../../../map/Path';
import { Pin } from '../../../map/Pin';
import { minutesSeconds } from '../../../ui/format';
import { useDots } from '../crews/useCrews';

type Props = {
  positions: Positions;
  cells: CityCell[];
  heat: boolean;
  order: string | null;
  crew: string | null;
  follows: boolean;
  onChoose: (crew: string) => void;
};

const TRAIL_MINUTES = 20;

/** The city as hexes from afar and as crews near by; the chosen crew's trail; the chosen order's stops, joined to its drop-off. */
export function CityLayers({ positions, cells, heat, order, crew, follows, onChoose }: Props) {
  const hexes = useHexes(cells);
  return (
    <>
      <Cells hexes={hexes} heat={heat} />
      {order && <OrderLayer id={order} />}
      {crew && <Trail crew={crew} positions={positions} />}
      <CrewDots positions={positions} chosen={crew} follows={follows} onChoose={onChoose} />
    </>
  );
}

/** Cells with their numbers as text: how many orders wait, how many crews are free, how long the oldest waits. */
function useHexes(cells: CityCell[]): Hex[] {
  const { t } = useTranslation();
  return useMemo(
    () =>
      cells.map((cell) => {
        const lines = [t('staff.cell', { waiting: cell.waiting, free: cell.free })];
        if (cell.oldest_wait_s != null) lines.push(minutesSeconds(cell.oldest_wait_s * 1000));
        return {
          id: cell.cell,
          boundary: cell.boundary,
          text: lines.join('\n'),
          waits: cell.waiting > 0,
          heat: heatOf(cell),
        };
      }),
    [cells, t],
  );
}

function OrderLayer({ id }: { id: string }) {
  const { t } = useTranslation();
  const { data: order } = useLive(`order:${id}`, orderSnapshot(id), reduceOrder);
  if (!order) return null;
  const stops: Point[] = order.shop_orders.map((part) => [part.lng, part.lat]);
  const door = order.dropoff;
  const points: Point[] = door ? [...stops, [door.lng, door.lat]] : stops;
  return (
    <>
      <Path id="stops" points={points} dashed />
      {order.shop_orders.map((part) => (
        <Pin
          key={part.id}
          kind="shop"
          lat={part.lat}
          lng={part.lng}
          title={part.name}
          old={part.picked_up_at != null}
        />
      ))}
      {door && <Pin kind="home" lat={door.lat} lng={door.lng} title={t('app.tracking.door')} />}
      <Fit points={points} of={id} />
    </>
  );
}

function Trail({ crew, positions }: { crew: string; positions: Positions }) {
  const trail = useQuery(trailQuery(crew, TRAIL_MINUTES));
  useDots(positions);
  const dot = positions.get(crew);
  const points: Point[] = (trail.data?.items ?? []).map((one) => [one.lng, one.lat]);
  return (
    <>
      <Path id="trail" points={dot ? [...points, [dot.lng, dot.lat]] : points} />
      {dot && <Fit points={[...points, [dot.lng, dot.lat]]} of={crew} maxZoom={15} />}
    </>
  );
}
