import { Drawer, Tabs } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { boardSnapshot, columns, reduceBoard } from '../../domain/staff';
import { useLive } from '../../live';
import { ErrorScreen, Loading, TopBar } from '../../ui';
import { Guard } from '../frame/Guard';
import { useTroubles } from './attention/useTroubles';
import { BoardPane } from './board/BoardPane';
import { OrderTable } from './board/OrderTable';
import { CrewDrawer } from './crews/CrewDrawer';
import { CrewsPane } from './crews/CrewsPane';
import { useCrews } from './crews/useCrews';
import { focusOn, useFocusBack } from './keys/focus';
import { KeySheet } from './keys/KeySheet';
import { useKeys } from './keys/useKeys';
import { MapPane } from './map/MapPane';
import { OrderDrawer } from './order/OrderDrawer';
import type { StaffSearch } from './search';
import classes from './staff.module.css';
import { Tools } from './Tools';

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
  const board = useLive('staff:ops', boardSnapshot(), reduceBoard);
  const crews = useCrews();
  const wide = useMediaQuery('(min-width: 1024px)', undefined, { getInitialValueInEffect: false });
  const searchField = useRef<HTMLInputElement>(null);
  const [sheet, setSheet] = useState(false);
  const [follows, setFollows] = useState(false);
  const troubles = useTroubles(board.data, crews.positions);
  const only = search.only === 'attention' ? troubles : null;
  const sorted = columns(board.data ?? { cards: {} }, search.find ?? '', only);
  const chosen = search.order ?? search.crew;
  useFocusBack(chosen);
  const close = () => go({ order: undefined, crew: undefined });
  const chooseOrder = (order: string) => go({ order, crew: undefined });
  const chooseCrew = (crew: string) => go({ crew, order: undefined });
  useKeys({
    search: () => searchField.current?.focus(),
    view: (view) => go({ view: search.view === view ? undefined : view }),
    cards: sorted.open.map((card) => card.id),
    chosen: search.order ?? null,
    choose: (order) => {
      focusOn(order);
      chooseOrder(order);
    },
    close,
    follow: () => setFollows((before) => !before),
    help: () => setSheet(true),
  });
  if (board.refused) return <ErrorScreen error={board.refused} />;

  const { view = 'both', order = null, crew = null } = search;
  const boardPane = (
    <BoardPane
      board={board}
      sorted={sorted}
      troubles={troubles}
      chosen={order}
      onChoose={chooseOrder}
      column={wide ? null : (search.column ?? 'CREATED')}
      onColumn={(column) => go({ column })}
    />
  );
  const mapPane = (
    <MapPane
      crews={crews}
      order={order}
      crew={crew}
      follows={follows}
      onChoose={chooseCrew}
      heat={search.heat === true}
      onHeat={(heat) => go({ heat: heat || undefined })}
    />
  );
  const drawer = order ? (
    <OrderDrawer key={order} id={order} crews={crews} onClose={close} />
  ) : crew ? (
    <CrewDrawer
      id={crew}
      crews={crews}
      board={board.data}
      follows={follows}
      onFollow={setFollows}
      onOrder={chooseOrder}
      onClose={close}
    />
  ) : null;
  return (
    <div
      className={classes.page}
      data-page="staff"
      data-live={board.live}
      data-cards={Object.keys(board.data?.cards ?? {}).length}
    >
      <TopBar title={t('staff.title')} live={[board.live]} />
      <Tools search={search} go={go} field={searchField} wide={wide === true} created={sorted.CREATED} crews={crews} />
      {wide ? (
        <main className={classes.panes} data-view={view} data-drawer={chosen ? true : undefined}>
          {(view === 'both' || view === 'board') && <section className={classes.board}>{boardPane}</section>}
          {view === 'table' &&
            (board.data ? (
              <OrderTable
                board={board.data}
                cards={sorted.open}
                troubles={troubles}
                chosen={order}
                onChoose={chooseOrder}
              />
            ) : (
              <Loading rows={12} height={28} />
            ))}
          {view === 'crews' && (
            <CrewsPane crews={crews} cards={sorted.open} chosen={order} onOrder={chooseOrder} onCrew={chooseCrew} />
          )}
          {(view === 'both' || view === 'map') && <section className={classes.map}>{mapPane}</section>}
          {drawer && <aside className={classes.drawer}>{drawer}</aside>}
        </main>
      ) : (
        <main className={classes.phone}>
          <Tabs
            value={view === 'map' ? 'map' : 'board'}
            onChange={(next) => go({ view: next === 'map' ? 'map' : undefined })}
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
