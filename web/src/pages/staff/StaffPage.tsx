import { Drawer, SegmentedControl, Tabs, TextInput } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Board, boardSnapshot, columns, type OpsEvent, reduceBoard } from '../../domain/staff';
import { useLive } from '../../live';
import type { StaffSearch } from '../../router';
import { Refused, TopBar } from '../../ui';
import { Guard } from '../frame/Guard';
import { BoardPane } from './BoardPane';
import { Counts } from './Counts';
import { CrewDrawer } from './CrewDrawer';
import { KeySheet } from './KeySheet';
import { MapPane } from './MapPane';
import { OrderDrawer } from './OrderDrawer';
import classes from './staff.module.css';
import { useCrews } from './useCrews';
import { useKeys } from './useKeys';

export function StaffPage() {
  return (
    <Guard roles={['staff', 'admin', 'superadmin']}>
      <Staff />
    </Guard>
  );
}

function Staff() {
  const { t } = useTranslation();
  const search = useSearch({ from: '/staff' });
  const navigate = useNavigate({ from: '/staff' });
  const go = (change: Partial<StaffSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const board = useLive<Board, OpsEvent>('staff:ops', boardSnapshot(), reduceBoard);
  const crews = useCrews();
  const wide = useMediaQuery('(min-width: 1024px)', undefined, { getInitialValueInEffect: false });
  const searchField = useRef<HTMLInputElement>(null);
  const [sheet, setSheet] = useState(false);
  const [follows, setFollows] = useState(false);
  const sorted = useMemo(() => columns(board.data ?? { cards: {} }, search.find ?? ''), [board.data, search.find]);
  const chosen = search.order ?? search.crew;
  const close = () => go({ order: undefined, crew: undefined });
  useKeys({
    search: () => searchField.current?.focus(),
    view: (view) => go({ view: search.view === view ? undefined : view }),
    cards: sorted.all.filter((card) => sorted.over.every((one) => one.id !== card.id)).map((card) => card.id),
    chosen: search.order ?? null,
    choose: (order) => go({ order, crew: undefined }),
    close,
    follow: () => setFollows((before) => !before),
    help: () => setSheet(true),
  });
  if (board.refused) return <Refused error={board.refused} />;

  const boardPane = (
    <BoardPane
      board={board}
      sorted={sorted}
      chosen={search.order ?? null}
      onChoose={(order) => go({ order, crew: undefined })}
    />
  );
  const mapPane = (
    <MapPane
      crews={crews}
      order={search.order ?? null}
      crew={search.crew ?? null}
      follows={follows}
      onChoose={(crew) => go({ crew, order: undefined })}
    />
  );
  const drawer = search.order ? (
    <OrderDrawer key={search.order} id={search.order} crews={crews} onClose={close} />
  ) : search.crew ? (
    <CrewDrawer
      id={search.crew}
      crews={crews}
      board={board.data}
      follows={follows}
      onFollow={setFollows}
      onOrder={(order) => go({ order, crew: undefined })}
      onClose={close}
    />
  ) : null;
  const view = search.view;
  return (
    <div
      className={classes.page}
      data-page="staff"
      data-live={board.live}
      data-cards={Object.keys(board.data?.cards ?? {}).length}
    >
      <TopBar title={t('staff.title')} live={[board.live]} />
      <div className={classes.tools}>
        <TextInput
          ref={searchField}
          value={search.find ?? ''}
          onChange={(event) => go({ find: event.currentTarget.value || undefined })}
          placeholder={t('staff.search')}
          aria-label={t('staff.search')}
          leftSection={<IconSearch size={16} aria-hidden />}
          className={classes.search}
        />
        {wide && (
          <SegmentedControl
            value={view ?? 'both'}
            onChange={(next) => go({ view: next === 'both' ? undefined : (next as 'board' | 'map') })}
            aria-label={t('staff.views.label')}
            data={(['both', 'board', 'map'] as const).map((value) => ({ value, label: t(`staff.views.${value}`) }))}
          />
        )}
        <Counts created={sorted.CREATED} positions={crews.positions} />
      </div>
      {wide ? (
        <main className={classes.panes} data-view={view ?? 'both'} data-drawer={chosen ? true : undefined}>
          {view !== 'map' && <section className={classes.board}>{boardPane}</section>}
          {view !== 'board' && <section className={classes.map}>{mapPane}</section>}
          {drawer && <aside className={classes.drawer}>{drawer}</aside>}
        </main>
      ) : (
        <main className={classes.phone}>
          <Tabs
            value={view ?? 'board'}
            onChange={(next) => go({ view: next as 'board' | 'map' })}
            keepMounted={false}
            className={classes.tabs}
          >
            <Tabs.List grow>
              <Tabs.Tab value="board">{t('staff.views.board')}</Tabs.Tab>
              <Tabs.Tab value="map">{t('staff.views.map')}</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="board">{boardPane}</Tabs.Panel>
            <Tabs.Panel value="map" className={classes.mapPanel}>
              {mapPane}
            </Tabs.Panel>
          </Tabs>
          <Drawer
            opened={drawer !== null}
            onClose={close}
            position="bottom"
            size="85%"
            withCloseButton={false}
            title=""
            padding={0}
          >
            {drawer}
          </Drawer>
        </main>
      )}
      <KeySheet opened={sheet} onClose={() => setSheet(false)} />
    </div>
  );
}
