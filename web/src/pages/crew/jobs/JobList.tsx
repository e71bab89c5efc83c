import { useTranslation } from 'react-i18next';
import type { CrewState } from '../../../domain/delivery';
import type { Live } from '../../../live';
import { Empty } from '../../../ui';
import classes from '../crew.module.css';
import type { Position } from '../position/usePosition';
import { JobCard } from './JobCard';

export function JobList({ crew, position }: { crew: Live<CrewState>; position: Position }) {
  const { t } = useTranslation();
  const jobs = crew.data?.active ?? [];
  if (jobs.length === 0) return <Empty title={t('crew.empty_jobs')} />;
  return (
    <ul className={classes.list}>
      {jobs.map((job) => (
        <JobCard key={job.order_id} job={job} crew={crew} position={position} />
      ))}
    </ul>
  );
}
