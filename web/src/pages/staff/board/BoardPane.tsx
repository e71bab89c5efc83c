import { SegmentedControl } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { type Board, COLUMNS, type Column, type columns, type Trouble } from '../../../domain/staff';
import type { Live } from '../../../live';
import { Loading, stateIcons, useNow } from '../../../ui';
import classes from '../staff.module.css';
import { CardList } from './CardList';

type Props = {
  board: Live<Board>;
  sorted: ReturnType<typeof columns>;
  troubles: ReadonlyMap<string, Trouble>;
  chosen: string | null;
  onChoose: (id: string) => void;
  /** The one column a narrow screen shows; null shows all. */
  column: Column | null;
  onColumn: (column: Column) => void;
};

/** What needs attention first, then orders by state, oldest first. */
export function BoardPane({ board, sorted, troubles, chosen, onChoose, column, onColumn }: Props) {
  const { t } = useTranslation();
  const now = useNow();
  if (!board.data) return <Loading rows={6} height={64} />;
  const known = board.data.cards;
  const trouble = sorted.all.filter((card) => troubles.has(card.id));
  const common = { known, troubles, now, chosen, onChoose };
  const title = (one: Column) => (one === 'over' ? t('staff.done') : t(`staff.short.${one}`));
  return (
    <div className={classes.boardPane}>
      <section
        className={classes.attention}
        aria-labelledby="attention"
        data-column="attention"
        data-count={trouble.length}
      >
        <h2 id="attention">
          {t('staff.attention')} <span className="number">{trouble.length}</span>
        </h2>
        <CardList {...common} cards={trouble} empty={t('staff.no_attention')} across />
      </section>
      {column !== null && (
        <SegmentedControl
          className={classes.columnSwitch}
          value={column}
          onChange={onColumn}
          aria-label={t('staff.columns')}
          data={COLUMNS.map((value) => ({
            value,
            label: (
              <>
                {t(`staff.short.${value}`)} <span className="number">{sorted[value].length}</span>
              </>
            ),
          }))}
        />
      )}
      <div className={classes.columns} data-one={column !== null || undefined}>
        {COLUMNS.filter((one) => column === null || one === column).map((one) => {
          const Icon = one === 'over' ? null : stateIcons[one];
          return (
            <section
              key={one}
              className={classes.column}
              aria-labelledby={`column-${one}`}
              data-column={one}
              data-count={sorted[one].length}
            >
              <h2 id={`column-${one}`} style={one === 'over' ? {} : { color: `var(--w-${one}-text)` }}>
                {Icon && <Icon size={16} aria-hidden />} {title(one)}{' '}
                <span className="number">{sorted[one].length}</span>
              </h2>
              <CardList {...common} cards={sorted[one]} empty={t('staff.empty_column')} />
            </section>
          );
        })}
      </div>
    </div>
  );
}
