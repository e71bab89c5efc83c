import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Board, type Card, carrierKey, holdList, type Trouble } from '../../../domain/staff';
import { Empty, StateChip, useNow } from '../../../ui';
import { minutesSeconds } from '../../../ui/format';
import classes from '../table.module.css';

type Props = {
  board: Board;
  cards: Card[];
  troubles: ReadonlyMap<string, Trouble>;
  chosen: string | null;
  onChoose: (id: string) => void;
};

/** The same orders as rows that stay in place until new ones are let in: for reading, not for watching. */
export function OrderTable({ board, cards, troubles, chosen, onChoose }: Props) {
  const { t } = useTranslation();
  const now = useNow();
  const [held, setHeld] = useState(() => cards.map((card) => card.id));
  const { rows, fresh } = holdList(cards, held, board.cards);
  const left = rows.filter((row) => row.gone).length;
  const letIn = () => setHeld(cards.map((card) => card.id));
  return (
    <div className={classes.holder}>
      <p className={classes.bar}>
        {fresh + left > 0 && (
          <button type="button" onClick={letIn} data-act="let-in" data-fresh={fresh}>
            {t('staff.fresh', { count: fresh })} · {t('staff.left', { count: left })}
          </button>
        )}
      </p>
      {rows.length === 0 && <Empty title={t('staff.empty_column')} />}
      {rows.length > 0 && (
        <table className={classes.table}>
          <thead>
            <tr>
              {(['code', 'state', 'age', 'shops', 'crew', 'ready', 'why'] as const).map((column) => (
                <th key={column} scope="col">
                  {t(`staff.table.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ item, gone }) => {
              const age = minutesSeconds(now - Date.parse(item.placed_at));
              const trouble = troubles.get(item.id);
              return (
                <tr key={item.id} data-id={item.id} data-state={item.status} data-gone={gone || undefined}>
                  <th scope="row">
                    <button type="button" aria-pressed={item.id === chosen} onClick={() => onChoose(item.id)}>
                      <bdi>{item.code}</bdi>
                    </button>
                  </th>
                  <td>
                    <StateChip state={item.status} fulfilment={item.fulfilment} />
                  </td>
                  <td className="number">{gone ? '' : age}</td>
                  <td>
                    <bdi>{item.prep.flatMap((one) => one.name ?? []).join(', ')}</bdi>
                  </td>
                  <td>
                    <bdi>{item.crew?.first_name ?? t(carrierKey(item))}</bdi>
                  </td>
                  <td className="number">
                    {item.prep.filter((one) => one.prep_status === 'READY').length}/{item.prep.length}
                  </td>
                  <td className={classes.why}>{trouble && !gone && t(`staff.why.${trouble}`, { age })}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </div>
  );
}
