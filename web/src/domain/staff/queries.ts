import { answer, api } from '../../api/client';
import type { Body } from '../../api/schemas';
import type { Snapshot } from '../../live';
import type { Order } from '../orders';
import { boardOf } from './board';
import type { Board, CrewsMap } from './types';

const UNDER_WAY = 'CREATED,PROCESSING,SHIPPED,DELIVERY_FAILED';
const OVER = 'DELIVERED,COMPLETED,CANCELLED,RETURNED_TO_SHOP';
// Ten pages of a hundred: nobody reads a longer board, and the search asks the server.
const PAGES = 10;
// The whole list of more crews than this is heavy, so it is loaded less often.
const MANY_CREWS = 1000;

async function underWay(): Promise<Order[]> {
  const orders: Order[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const query = { status: UNDER_WAY, limit: 100, ...(cursor && { cursor }) };
    const got = await answer(api.GET('/api/orders/', { params: { query } }));
    orders.push(...got.items);
    if (got.next == null) break;
    cursor = got.next;
  }
  return orders;
}

/** The board: everything under way and what ended lately; messages of the staff room carry it on. */
export const boardSnapshot = (): Snapshot<Board> => ({
  queryKey: ['board'],
  ring: true,
  queryFn: async () => {
    const [open, over] = await Promise.all([
      underWay(),
      answer(api.GET('/api/orders/', { params: { query: { status: OVER, limit: 20 } } })),
    ]);
    return boardOf([...over.items, ...open]);
  },
});

export const crewsMapQuery = () => ({
  queryKey: ['crews-map'],
  queryFn: () => answer(api.GET('/api/staff/crews/map/')),
  // Numbers of cells change, and cells come into use as crews move; positions themselves come by the cells' channels.
  refetchInterval: ({ state }: { state: { data?: CrewsMap | undefined } }) =>
    (state.data?.crews.length ?? 0) > MANY_CREWS ? 15_000 : 5_000,
});

export const trailQuery = (id: string, minutes: number) => ({
  queryKey: ['trail', id, minutes],
  queryFn: () => {
    const from = new Date(Date.now() - minutes * 60_000).toISOString();
    return answer(api.GET('/api/staff/crews/{id}/trail/', { params: { path: { id }, query: { from } } }));
  },
});

export const reassign = (id: string, crew_id: string | null, reason: string) =>
  answer(api.POST('/api/staff/orders/{id}/reassign/', { params: { path: { id } }, body: { crew_id, reason } }));

const override = (id: string, body: Body<'/api/staff/orders/{id}/override/', 'post'>) =>
  answer(api.POST('/api/staff/orders/{id}/override/', { params: { path: { id } }, body }));
export const unlockProof = (id: string, reason: string) => override(id, { to: 'unlock_proof', reason });
export const deliver = (id: string, reason: string) => override(id, { to: 'DELIVERED', reason });
