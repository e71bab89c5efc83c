import { SegmentedControl, Switch } from '@mantine/core';
import { lazy, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMapCenter } from '../../../api/meta';
import { CityMap, loadAgain } from '../../../map';
import { Empty, ErrorScreen } from '../../../ui';
import { type Crews, useDots } from '../crews/useCrews';
import classes from '../staff.module.css';
import { CrewTable } from './CrewTable';

// Loaded with the map, not before it.
const CityLayers = lazy(() =>
  loadAgain(() => import('./CityLayers').then((module) => ({ default: module.CityLayers }))),
);

type Props = {
  crews: Crews;
  order: string | null;
  crew: string | null;
  follows: boolean;
  onChoose: (crew: string) => void;
  heat: boolean;
  onHeat: (on: boolean) => void;
};

/** All crews on the map, or the same facts as a list. */
export function MapPane({ crews, order, crew, follows, onChoose, heat, onHeat }: Props) {
  const { t } = useTranslation();
  const center = useMapCenter();
  const [as, setAs] = useState('map');
  useDots(crews.positions);
  const nobody = crews.loaded && crews.positions.all().every((dot) => dot.status === 'off_duty');
  return (
    <div className={classes.mapPane}>
      <div className={classes.mapTools}>
        <SegmentedControl
          size="xs"
          value={as}
          onChange={setAs}
          aria-label={t('staff.map_as')}
          data={[
            { value: 'map', label: t('common.map') },
            { value: 'list', label: t('common.as_list') },
          ]}
        />
        {as === 'map' && (
          <Switch
            size="xs"
            checked={heat}
            onChange={(event) => onHeat(event.currentTarget.checked)}
            label={t('staff.heat')}
            data-act="heat"
          />
        )}
        {nobody && <span>{t('staff.empty_city')}</span>}
      </div>
      {crews.error && !crews.loaded && <ErrorScreen error={crews.error} again={crews.again} />}
      {as === 'list' &&
        (nobody ? (
          <Empty title={t('staff.empty_city')} />
        ) : (
          <CrewTable positions={crews.positions} chosen={crew} onChoose={onChoose} />
        ))}
      {as === 'map' && (
        <CityMap label={t('staff.map')} center={center} zoom={13.2}>
          <CityLayers
            positions={crews.positions}
            cells={crews.cells}
            heat={heat}
            order={order}
            crew={crew}
            follows={follows}
            onChoose={onChoose}
          />
        </CityMap>
      )}
    </div>
  );
}
