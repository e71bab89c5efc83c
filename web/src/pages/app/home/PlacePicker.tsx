import { Button } from '@mantine/core';
import { lazy, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answer, api } from '../../../api/client';
import { useMapCenter } from '../../../api/meta';
import { CityMap, loadAgain } from '../../../map';
import { sessions } from '../../../session';
import { ErrorLine } from '../../../ui';
import classes from '../app.module.css';

const Pin = lazy(() => loadAgain(() => import('../../../map/Pin').then((module) => ({ default: module.Pin }))));

/** Where to deliver, for a new account: press on the map, then save. */
export function PlacePicker() {
  const { t } = useTranslation();
  const center = useMapCenter();
  const [spot, setSpot] = useState<{ lat: number; lng: number } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const at = spot ?? { lat: center[1], lng: center[0] };
  const save = async () => {
    setError(null);
    try {
      const body = { location_lat: at.lat, location_lng: at.lng };
      const user = await answer(api.PATCH('/api/users/me/', { body }));
      const { session } = sessions.now();
      if (session) sessions.store({ ...session, user: { ...session.user, ...user } });
    } catch (caught) {
      setError(caught);
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
      <ErrorLine error={error} />
      <Button mih={56} onClick={() => void save()} data-act="save-place">
        {t('app.place_save')}
      </Button>
    </div>
  );
}
