import { SegmentedControl } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { inColumn, ownOrdersQuery, type Part, PREP, partsOf } from '../../domain/shops/parts';
import { reload, useLine, useMessages } from '../../live';
import { useUser } from '../../session';
import { Empty, ErrorLine, ErrorScreen, Loading, TopBar } from '../../ui';
import { Guard } from '../frame/Guard';
import { PartCard } from './PartCard';
import classes from './seller.module.css';

export function SellerPage() {
  return (
    <Guard roles={['seller']}>
      <Seller />
    </Guard>
  );
}

type Column = (typeof PREP)[number];

/** A shop's incoming orders, from new to the counter. */
function Seller() {
  const { t } = useTranslation();
  const id = useUser()?.id;
  const cache = useQueryClient();
  const orders = useQuery(ownOrdersQuery());
  const { line } = useLine();
  // Here, not in the card: after an error the card is often in another column a moment later, or gone.
  const [failed, setFailed] = useState<{ part: Part; error: unknown } | null>(null);
  const [tab, setTab] = useState<Column>('NEW');
  const again = useCallback(() => void reload(cache, ownOrdersQuery().queryKey), [cache]);
  // The first order of a shop comes as a notification to its owner, everything after it on the shop's own channel.
  useMessages(id ? `user:${id}` : null, again, again);
  // After a broken line everything is loaded again.
  useEffect(() => {
    if (line === 'live') again();
  }, [line, again]);
  const parts = partsOf(orders.data?.items ?? []);
  const shops = [...new Set(parts.map((part) => part.shop_id))].sort();
  return (
    <div className={classes.page} data-page="seller" data-ready={orders.isSuccess || undefined} data-live={line}>
      {shops.map((shop) => (
        <ShopMessages key={shop} shop={shop} onMessage={again} />
      ))}
      <TopBar title={t('seller.title')} />
      {failed && !parts.some((part) => part.id === failed.part.id) && (
        <div className={classes.gone}>
          <bdi>{failed.part.code}</bdi>
          <ErrorLine error={failed.error} />
        </div>
      )}
      {orders.isPending && <Loading />}
      {orders.isError && !orders.data && <ErrorScreen error={orders.error} again={again} />}
      {orders.data && (
        <main className={classes.columns} data-tab={tab}>
          <SegmentedControl
            className={classes.tabs ?? ''}
            size="md"
            value={tab}
            onChange={setTab}
            aria-label={t('seller.title')}
            data={PREP.map((status) => ({
              value: status,
              label: `${t(`seller.columns.${status}`)} ${inColumn(parts, status).length}`,
            }))}
          />
          {PREP.map((status) => {
            const here = inColumn(parts, status);
            return (
              <section key={status} aria-labelledby={`prep-${status}`} data-column={status}>
                <h2 id={`prep-${status}`}>
                  {t(`seller.columns.${status}`)} <span className="number">{here.length}</span>
                </h2>
                {here.length === 0 && <Empty title={t(`seller.empty.${status}`)} />}
                <ul className={classes.list}>
                  {here.map((part) => (
                    <PartCard
                      key={part.id}
                      part={part}
                      error={failed?.part.id === part.id ? failed.error : null}
                      onError={(error) => setFailed(error === null ? null : { part, error })}
                      onDone={again}
                    />
                  ))}
                </ul>
              </section>
            );
          })}
        </main>
      )}
    </div>
  );
}

function ShopMessages({ shop, onMessage }: { shop: string; onMessage: () => void }) {
  useMessages(`shop:${shop}`, onMessage, onMessage);
  return null;
}
