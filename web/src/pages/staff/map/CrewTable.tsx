import { useTranslation } from 'react-i18next';
import type { Positions } from '../../../live';
import { useNow } from '../../../ui';
import { ago, clockTime } from '../../../ui/format';
import { useDots } from '../crews/useCrews';
import classes from '../staff.module.css';

const rank: Record<string, number> = { stale: 0, busy: 1, free: 2, off_duty: 3 };

/** The map's facts as a list: who, in which state, seen when. */
export function CrewTable({
  positions,
  chosen,
  onChoose,
}: {
  positions: Positions;
  chosen: string | null;
  onChoose: (id: string) => void;
}) {
  const { t } = useTranslation();
  const now = useNow();
  useDots(positions);
  const dots = positions
    .all()
    .sort((a, b) => (rank[a.status] ?? 9) - (rank[b.status] ?? 9) || a.name.localeCompare(b.name));
  return (
    <ul className={classes.crewList}>
      {dots.map((dot) => {
        const at = Date.parse(dot.at);
        return (
          <li key={dot.id} data-id={dot.id} data-state={dot.status}>
            <button type="button" aria-pressed={dot.id === chosen} onClick={() => onChoose(dot.id)}>
              <span dir="auto">{dot.name}</span>
              <span>{t(`staff.status.${dot.status}`)}</span>
              <span className="number">{t('staff.load', { count: dot.active })}</span>
              <time>{ago(now - at, t) ?? clockTime(new Date(at), new Date(now))}</time>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
