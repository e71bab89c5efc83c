import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { isOver } from '../../domain/orders';
import { type Card, troubleOf } from '../../domain/staff';
import { StateChip, useTint } from '../../ui';
import { minutesSeconds } from '../../ui/format';
import classes from './staff.module.css';

type Props = { card: Card; now: number; chosen: boolean; onChoose: (id: string) => void };

export const BoardCard = memo(function BoardCard({ card, now, chosen, onChoose }: Props) {
  const { t } = useTranslation();
  const tint = useTint<HTMLLIElement>(`${card.status} ${card.crew?.id ?? ''}`);
  const trouble = troubleOf(card, now);
  const age = minutesSeconds(now - Date.parse(card.placed_at));
  const ready = card.prep.filter((one) => one.prep_status === 'READY').length;
  const first = card.prep.find((one) => one.name)?.name;
  return (
    <li
      ref={tint}
      className={classes.card}
      data-id={card.id}
      data-state={card.status}
      data-crew={card.crew?.id}
      data-trouble={trouble ?? undefined}
    >
      <button type="button" aria-pressed={chosen} onClick={() => onChoose(card.id)}>
        <span className={classes.cardHead}>
          <strong>
            <bdi>{card.code}</bdi>
          </strong>
          {!isOver(card.status) && <span className="number">{age}</span>}
        </span>
        {first && (
          <span className={classes.cardSub} dir="auto">
            {first}
            {card.prep.length > 1 && ` +${card.prep.length - 1}`}
          </span>
        )}
        <span className={classes.cardSub}>
          <span dir="auto">{card.crew?.first_name ?? t('staff.no_crew')}</span>
          {!isOver(card.status) && card.status !== 'SHIPPED' && card.prep.length > 0 && (
            <span>{t('staff.prep', { ready, all: card.prep.length })}</span>
          )}
        </span>
        {trouble && <span className={classes.trouble}>{t(`staff.why.${trouble}`, { age })}</span>}
        {isOver(card.status) && <StateChip state={card.status} />}
      </button>
    </li>
  );
});
