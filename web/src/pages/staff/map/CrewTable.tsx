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
    .sort((a, b) => (rank[a.status] ?? 9) - (rank[b.status] ?? 9) || (a.name ?? a.id).localeCompare(b.name ?? b.id));
  return (
    <ul className={classes.crewList}>
      {dots.map((dot) => {
        const at = Date.parse(dot.at);
        return (
          <li key={dot.id} data-id={dot.id} data-state={dot.status}>
            <button type="button" aria-pressed={dot.id === chosen} onClick={() => onChoose(dot.id)}>
              <span dir="auto">{dot.name ?? dot.id.slice(-6)}</span>
              <span>{t(`staff.status.${dot.status}`)}</span>
              <span className="number">{dot.active === undefined ? '' : t('staff.load', { count: dot.active })}</span>
              <time>{ago(now - at, t) ?? clockTime(new Date(at), new Date(now))}</time>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
