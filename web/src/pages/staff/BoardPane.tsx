import { useTranslation } from 'react-i18next';
import { type Board, type Card, type columns, troubleOf } from '../../domain/staff';
import type { Live } from '../../live';
import { Loading, stateIcons, useNow } from '../../ui';
import { BoardCard } from './BoardCard';
import classes from './staff.module.css';

type Props = {
  board: Live<Board>;
  sorted: ReturnType<typeof columns>;
  chosen: string | null;
  onChoose: (id: string) => void;
};

/** Trouble first, then orders by state, oldest first. */
export function BoardPane({ board, sorted, chosen, onChoose }: Props) {
  const { t } = useTranslation();
  const now = useNow();
  if (!board.data) return <Loading rows={6} height={64} />;
  const trouble = sorted.all.filter((card) => troubleOf(card, now) !== null);
  const list = (cards: Card[], from: string) => (
    <ul className={classes.cards}>
      {cards.map((card) => (
        <BoardCard key={`${from} ${card.id}`} card={card} now={now} chosen={card.id === chosen} onChoose={onChoose} />
      ))}
    </ul>
  );
  return (
    <>
      <section className={classes.attention} aria-labelledby="attention">
        <h2 id="attention">
          {t('staff.attention')} <span className="number">{trouble.length}</span>
        </h2>
        {trouble.length === 0 ? <p>{t('staff.no_attention')}</p> : list(trouble, 'attention')}
      </section>
      <div className={classes.columns}>
        {(['CREATED', 'PROCESSING', 'SHIPPED'] as const).map((state) => {
          const Icon = stateIcons[state];
          return (
            <section
              key={state}
              className={classes.column}
              aria-labelledby={`column-${state}`}
              data-column={state}
              data-count={sorted[state].length}
            >
              <h2 id={`column-${state}`} style={{ color: `var(--w-${state}-text)` }}>
                <Icon size={16} aria-hidden /> {t(`orders.state.${state}`)}{' '}
                <span className="number">{sorted[state].length}</span>
              </h2>
              {sorted[state].length === 0 ? <p>{t('staff.empty_column')}</p> : list(sorted[state], state)}
            </section>
          );
        })}
      </div>
      <section className={classes.over} aria-labelledby="over" data-column="over" data-count={sorted.over.length}>
        <h2 id="over">
          {t('staff.done')} <span className="number">{sorted.over.length}</span>
        </h2>
        {list(sorted.over, 'over')}
      </section>
    </>
  );
}
