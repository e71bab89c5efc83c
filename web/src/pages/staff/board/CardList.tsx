import type { CSSProperties } from 'react';
import { useTranslation } from 'react-i18next';
import { type Card, holdList, type Trouble } from '../../../domain/staff';
import { BoardCard } from './BoardCard';
import classes from './cards.module.css';
import { useHold } from './useHold';

type Props = {
  cards: Card[];
  /** Every card of the board: one that left this list shows its new state. */
  known: Readonly<Record<string, Card>>;
  troubles: ReadonlyMap<string, Trouble>;
  now: number;
  chosen: string | null;
  onChoose: (id: string) => void;
  empty: string;
  /** In a row instead of a column. */
  across?: boolean;
};

/** Cards with positions of their own: one that comes or goes moves the others smoothly, and none under the pointer. */
export function CardList({ cards, known, troubles, now, chosen, onChoose, empty, across = false }: Props) {
  const { t } = useTranslation();
  const { held, letIn, handlers } = useHold(cards);
  const { rows, fresh } = holdList(cards, held, known);
  return (
    <div
      className={classes.holder}
      data-across={across || undefined}
      data-held={held !== null || undefined}
      {...handlers}
    >
      <div className={classes.scroll}>
        {rows.length === 0 && <p className={classes.none}>{empty}</p>}
        <ul className={classes.cards} style={{ '--rows': rows.length } as CSSProperties}>
          {rows.map(({ item, gone }, place) => (
            <BoardCard
              key={item.id}
              card={item}
              place={place}
              gone={gone}
              trouble={troubles.get(item.id) ?? null}
              now={now}
              chosen={item.id === chosen}
              onChoose={onChoose}
            />
          ))}
        </ul>
      </div>
      {fresh > 0 && (
        <button type="button" className={classes.fresh} onClick={letIn} data-act="let-in" data-fresh={fresh}>
          {t('staff.fresh', { count: fresh })}
        </button>
      )}
    </div>
  );
}
