import { Button } from '@mantine/core';
import { lazy, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../../api/client';
import { useMeta } from '../../../api/meta';
import { CityMap, insist } from '../../../map';
import { sessions, type User } from '../../../session';
import { RefusalLine } from '../../../ui';
import classes from '../app.module.css';

const Pin = lazy(() => insist(() => import('../../../map/Pin').then((module) => ({ default: module.Pin }))));

/** A new account says where to deliver: press on the map, save. */
export function PlacePicker() {
  const { t } = useTranslation();
  const meta = useMeta();
  const center = meta.data?.map?.center ?? [26.5, 28.5];
  const [spot, setSpot] = useState<{ lat: number; lng: number } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const at = spot ?? { lat: center[1], lng: center[0] };
  const save = async () => {
    setError(null);
    try {
      const user = await api.patch<User>('/api/users/me/', { location_lat: at.lat, location_lng: at.lng });
      const { session } = sessions.now();
      if (session) sessions.keep({ ...session, user: { ...session.user, ...user } });
    } catch (refused) {
      setError(refused);
    }
  };
  return (
    <div className={classes.place}>
      <p>{t('app.no_place')}</p>
      <div className={classes.placeMap}>
        <CityMap label={t('app.place_title')} center={center} onPress={(lat, lng) => setSpot({ lat, lng })}>
          <Pin
            kind="home"
            lat={at.lat}
            lng={at.lng}
            title={t('app.place_title')}
            onDrag={(lat, lng) => setSpot({ lat, lng })}
          />
        </CityMap>
      </div>
      <RefusalLine error={error} />
      <Button mih={56} onClick={() => void save()} data-act="save-place">
        {t('app.place_save')}
      </Button>
    </div>
  );
}
