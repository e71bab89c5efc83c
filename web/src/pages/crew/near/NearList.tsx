import { useCallback, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { newKey } from '../../../api/client';
import { ApiError } from '../../../api/problem';
import {
  type CrewState,
  claim,
  leave,
  type Nearby,
  type NearbyRow,
  shownRows,
  withJob,
} from '../../../domain/delivery';
import type { Live } from '../../../live';
import { Empty, ErrorLine, Loading, useNow } from '../../../ui';
import classes from '../crew.module.css';
import { NearCard } from './NearCard';

/** Orders near by, by distance. Rows keep their places while a finger is on the list. */
export function NearList({ near, crew }: { near: Live<Nearby>; crew: Live<CrewState> }) {
  const { t } = useTranslation();
  const now = useNow();
  const [claiming, setClaiming] = useState<ReadonlySet<string>>(new Set());
  const [error, setError] = useState<unknown>(null);
  const [held, setHeld] = useState<string[] | null>(null);
  const release = useRef<ReturnType<typeof setTimeout> | null>(null);

  const take = useCallback(
    async (row: NearbyRow) => {
      const mark = (on: boolean) =>
        setClaiming((before) => {
          const next = new Set(before);
          if (on) next.add(row.order_id);
          else next.delete(row.order_id);
          return next;
        });
      mark(true);
      setError(null);
      try {
        const job = await claim(row.order_id, newKey());
        crew.patch((data) => withJob(data, job));
        near.patch((data) => leave(data, row.order_id, 'mine'));
      } catch (caught) {
        const code = caught instanceof ApiError ? caught.code : '';
        // A lost race is no error: the card says so, and the next one moves up.
        if (code === 'already_claimed') near.patch((data) => leave(data, row.order_id, 'claimed'));
        else if (code === 'order_cancelled') near.patch((data) => leave(data, row.order_id, 'cancelled'));
        else setError(caught);
      } finally {
        mark(false);
      }
    },
    [crew.patch, near.patch],
  );

  if (crew.data && !crew.data.on_duty)
    return (
      <>
        <ErrorLine error={error} />
        <Empty title={t('crew.duty.go')} />
      </>
    );
  if (near.data === undefined) return <Loading />;
  const own = new Set(crew.data?.active.map((job) => job.order_id));
  const rows = inHeldOrder(shownRows(near.data, now), held).map((row) =>
    row.gone && own.has(row.order_id) ? mine(row) : row,
  );
  const hold = () => {
    if (release.current !== null) clearTimeout(release.current);
    setHeld((before) => before ?? rows.map((row) => row.order_id));
  };
  const letGo = () => {
    release.current = setTimeout(() => setHeld(null), 600);
  };
  return (
    <>
      <ErrorLine error={error} />
      {near.data.noPosition && <Empty title={t('crew.no_position')} />}
      {!near.data.noPosition && rows.length === 0 && <Empty title={t('crew.empty_near')} />}
      <ul
        className={classes.list}
        onPointerDown={hold}
        onPointerUp={letGo}
        onPointerCancel={letGo}
        onPointerLeave={letGo}
      >
        {rows.map((row) => (
          <NearCard key={row.order_id} row={row} claiming={claiming.has(row.order_id)} onClaim={() => void take(row)} />
        ))}
      </ul>
    </>
  );
}

/** Claimed on another phone of the same crew. */
const mine = (row: NearbyRow): NearbyRow => ({ ...row, gone: row.gone && { ...row.gone, why: 'mine' } });

/** Rows in the order they had when the finger came down; new ones below. */
function inHeldOrder(rows: NearbyRow[], held: string[] | null): NearbyRow[] {
  if (held === null) return rows;
  const place = new Map(held.map((id, i) => [id, i]));
  return [...rows].sort((a, b) => (place.get(a.order_id) ?? held.length) - (place.get(b.order_id) ?? held.length));
}
