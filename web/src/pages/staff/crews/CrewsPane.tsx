import { useTranslation } from 'react-i18next';
import type { Card } from '../../../domain/staff';
import { Empty, StateChip, useNow } from '../../../ui';
import { ago, clockTime } from '../../../ui/format';
import classes from '../table.module.css';
import { type Crews, useDots } from './useCrews';

type Props = {
  crews: Crews;
  /** Orders under way. */
  cards: Card[];
  chosen: string | null;
  onOrder: (id: string) => void;
  onCrew: (id: string) => void;
};

/** Who carries what, after the orders that nobody carries. */
export function CrewsPane({ crews, cards, chosen, onOrder, onCrew }: Props) {
  const { t } = useTranslation();
  const now = useNow();
  useDots(crews.positions);
  const dots = crews.positions
    .all()
    .filter((dot) => dot.status !== 'off_duty' || cards.some((card) => card.crew?.id === dot.id))
    .sort((a, b) => a.name.localeCompare(b.name));
  const orders = (of: Card[]) =>
    of.map((card) => (
      <button
        key={card.id}
        type="button"
        className={classes.order}
        aria-pressed={card.id === chosen}
        onClick={() => onOrder(card.id)}
        data-id={card.id}
      >
        <bdi>{card.code}</bdi> <StateChip state={card.status} fulfilment={card.fulfilment} />
      </button>
    ));
  const nobodys = cards.filter((card) => card.crew === null && card.fulfilment === 'delivery');
  return (
    <div className={classes.holder}>
      <section className={classes.nobodys} aria-labelledby="nobodys">
        <h2 id="nobodys">
          {t('staff.no_crew')} <span className="number">{nobodys.length}</span>
        </h2>
        <div className={classes.orders}>{orders(nobodys)}</div>
      </section>
      {dots.length === 0 && <Empty title={t('staff.empty_city')} />}
      {dots.length > 0 && (
        <table className={classes.table}>
          <thead>
            <tr>
              {(['crew', 'status', 'seen', 'carries'] as const).map((column) => (
                <th key={column} scope="col">
                  {t(`staff.table.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {dots.map((dot) => {
              const at = Date.parse(dot.at);
              return (
                <tr key={dot.id} data-id={dot.id} data-state={dot.status}>
                  <th scope="row">
                    <button type="button" onClick={() => onCrew(dot.id)}>
                      <bdi>{dot.name}</bdi>
                    </button>
                  </th>
                  <td>{t(`staff.status.${dot.status}`)}</td>
                  <td className="number">{ago(now - at, t) ?? clockTime(new Date(at), new Date(now))}</td>
                  <td>
                    <div className={classes.orders}>{orders(cards.filter((card) => card.crew?.id === dot.id))}</div>
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
    </div>
  );
}
