import { ActionIcon, Switch } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { isOver } from '../../../domain/orders';
import type { Board } from '../../../domain/staff';
import { StateChip, When } from '../../../ui';
import classes from '../staff.module.css';
import { type Crews, useDots } from './useCrews';

type Props = {
  id: string;
  crews: Crews;
  board: Board | undefined;
  follows: boolean;
  onFollow: (on: boolean) => void;
  onOrder: (id: string) => void;
  onClose: () => void;
};

/** One crew: its state, and what it carries. */
export function CrewDrawer({ id, crews, board, follows, onFollow, onOrder, onClose }: Props) {
  const { t } = useTranslation();
  useDots(crews.positions);
  const dot = crews.positions.get(id);
  const carried = Object.values(board?.cards ?? {}).filter((card) => card.crew?.id === id && !isOver(card.status));
  return (
    <div className={classes.sheet} data-drawer="crew" data-id={id}>
      <header className={classes.sheetHead}>
        <h2 dir="auto">{dot?.name ?? t('staff.crew')}</h2>
        <ActionIcon variant="subtle" color="gray" size={40} onClick={onClose} aria-label={t('common.close')}>
          <IconX size={20} aria-hidden />
        </ActionIcon>
      </header>
      {dot && (
        <p>
          {t(`staff.status.${dot.status}`)} · <When at={dot.at} />
        </p>
      )}
      <Switch
        checked={follows}
        onChange={(event) => onFollow(event.currentTarget.checked)}
        label={follows ? t('staff.following') : t('staff.follow')}
        aria-keyshortcuts="f"
      />
      <h3>{t('staff.carries')}</h3>
      {carried.length === 0 && <p>{t('staff.carries_nothing')}</p>}
      <ul className={classes.offers}>
        {carried.map((card) => (
          <li key={card.id}>
            <button type="button" className={classes.carried} onClick={() => onOrder(card.id)}>
              <bdi>{card.code}</bdi> <StateChip state={card.status} />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
