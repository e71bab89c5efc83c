import { IconAlertTriangle } from '@tabler/icons-react';
import { type CSSProperties, memo } from 'react';
import { useTranslation } from 'react-i18next';
import { isOver } from '../../../domain/orders';
import { type Card, carrierKey, type Trouble } from '../../../domain/staff';
import { StateChip, useTint } from '../../../ui';
import { minutesSeconds } from '../../../ui/format';
import classes from './cards.module.css';

type Props = {
  card: Card;
  place: number;
  gone: boolean;
  trouble: Trouble | null;
  now: number;
  chosen: boolean;
  onChoose: (id: string) => void;
};

export const BoardCard = memo(function BoardCard({ card, place, gone, trouble, now, chosen, onChoose }: Props) {
  const { t } = useTranslation();
  const tint = useTint<HTMLLIElement>(`${card.status} ${card.crew?.id ?? ''}`);
  const age = minutesSeconds(now - Date.parse(card.placed_at));
  const ready = card.prep.filter((one) => one.prep_status === 'READY').length;
  const first = card.prep.find((one) => one.name)?.name;
  const over = isOver(card.status);
  return (
    <li
      ref={tint}
      className={classes.card}
      style={{ '--place': place } as CSSProperties}
      data-id={card.id}
      data-state={card.status}
      data-crew={card.crew?.id}
      data-trouble={trouble ?? undefined}
      data-gone={gone || undefined}
    >
      <button type="button" aria-pressed={chosen} onClick={() => onChoose(card.id)}>
        <span className={classes.head}>
          <strong>
            <bdi>{card.code}</bdi>
          </strong>
          {!over && <span className="number">{age}</span>}
        </span>
        <span className={classes.sub} dir="auto">
          {first ?? ''}
          {card.prep.length > 1 && ` +${card.prep.length - 1}`}
        </span>
        {over || gone ? (
          <StateChip state={card.status} fulfilment={card.fulfilment} />
        ) : (
          <span className={classes.sub}>
            <span dir="auto">{card.crew?.first_name ?? t(carrierKey(card))}</span>
            {card.status !== 'SHIPPED' && card.prep.length > 0 && (
              <span>{t('staff.prep', { ready, all: card.prep.length })}</span>
            )}
          </span>
        )}
        {trouble && (
          <span className={classes.trouble}>
            <IconAlertTriangle size={14} aria-hidden /> <span>{t(`staff.why.${trouble}`, { age })}</span>
          </span>
        )}
      </button>
    </li>
  );
});
