import { Tabs } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { NearbyMessage } from '../../api/channels';
import { crewSnapshot, type Nearby, reduceCrew, reduceNearby } from '../../domain/delivery';
import { useLive } from '../../live';
import { countUnsent } from '../../live/outbox';
import { useUser } from '../../session';
import { ErrorScreen, Loading, TopBar } from '../../ui';
import { Guard } from '../frame/Guard';
import classes from './crew.module.css';
import { JobList } from './jobs/JobList';
import { NearList } from './near/NearList';
import { CommandRows } from './outbox/CommandRows';
import { CommandsContext, useOutbox } from './outbox/useOutbox';
import { DutyBar } from './position/DutyBar';
import { RidePad } from './position/RidePad';
import { usePosition } from './position/usePosition';

export function CrewPage() {
  return (
    <Guard roles={['crew']}>
      <Crew />
    </Guard>
  );
}

const withMessage = (nearby: Nearby | undefined, message: NearbyMessage) => reduceNearby(nearby, message);

function Crew() {
  const { t } = useTranslation();
  const id = useUser()?.id ?? '';
  const crew = useLive(`crew:${id}`, crewSnapshot(id), reduceCrew);
  const commands = useOutbox(id, crew);
  const onDuty = crew.data?.on_duty === true;
  const near = useLive(onDuty ? `nearby:${id}` : null, null, withMessage);
  const position = usePosition(onDuty, crew.data?.duty_no ?? null, crew.data?.position ?? null);
  const wide = useMediaQuery('(min-width: 1024px)', undefined, { getInitialValueInEffect: false });
  const [tab, setTab] = useState<string | null>('near');
  const statuses = onDuty ? [crew.live, near.live] : [crew.live];
  if (crew.refused) return <ErrorScreen error={crew.refused} />;

  const jobs = crew.data?.active ?? [];
  const waiting = onDuty ? (near.data?.rows.filter((row) => !row.gone).length ?? 0) : 0;
  const nearList = <NearList near={near} crew={crew} />;
  const jobList = crew.data ? <JobList crew={crew} position={position} /> : <Loading />;
  const pad = <RidePad position={position} jobs={jobs} />;
  const nearTitle = t('crew.near_n', { count: waiting });
  const jobsTitle = t('crew.jobs_n', { count: jobs.length, limit: crew.data?.active_limit ?? 5 });

  const carried = new Set(jobs.map((job) => job.order_id));

  return (
    <CommandsContext value={commands}>
      <div
        className={classes.page}
        data-page="crew"
        data-live={crew.live}
        data-offset={crew.at?.offset}
        data-near={near.live}
        data-unsent={countUnsent(commands.state)}
      >
        <TopBar title={t('crew.title')} live={statuses} unsent={countUnsent(commands.state)} />
        <DutyBar crew={crew} position={position} />
        <CommandRows of={(command) => !carried.has(command.about)} named />
        {wide ? (
          <main className={classes.columns}>
            <section className={classes.column} aria-label={nearTitle}>
              <h2>{nearTitle}</h2>
              {nearList}
            </section>
            <section className={classes.column} aria-label={jobsTitle}>
              <h2>{jobsTitle}</h2>
              {jobList}
            </section>
            <section className={classes.ride}>{pad}</section>
          </main>
        ) : (
          <main className={classes.phone}>
            <Tabs value={tab} onChange={setTab} keepMounted={false} className={classes.tabs}>
              <Tabs.List grow>
                <Tabs.Tab value="near">{nearTitle}</Tabs.Tab>
                <Tabs.Tab value="jobs">{jobsTitle}</Tabs.Tab>
                <Tabs.Tab value="ride">{t('crew.ride')}</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="near">{nearList}</Tabs.Panel>
              <Tabs.Panel value="jobs">{jobList}</Tabs.Panel>
              <Tabs.Panel value="ride" className={classes.ridePanel}>
                {pad}
              </Tabs.Panel>
            </Tabs>
          </main>
        )}
      </div>
    </CommandsContext>
  );
}
