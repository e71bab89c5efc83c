import { Button, SegmentedControl, TextInput } from '@mantine/core';
import { IconAlertTriangle, IconSearch } from '@tabler/icons-react';
import type { RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { Card } from '../../domain/staff';
import { Counts } from './attention/Counts';
import type { Crews } from './crews/useCrews';
import type { StaffSearch } from './search';
import classes from './staff.module.css';

type Props = {
  search: StaffSearch;
  go: (change: Partial<StaffSearch>) => void;
  field: RefObject<HTMLInputElement | null>;
  wide: boolean;
  created: Card[];
  crews: Crews;
};

const VIEWS = ['both', 'board', 'table', 'crews', 'map'] as const;

/** Search, filter and view, all part of the address; and the city's counts. */
export function Tools({ search, go, field, wide, created, crews }: Props) {
  const { t } = useTranslation();
  const only = search.only === 'attention';
  return (
    <div className={classes.tools}>
      <TextInput
        ref={field}
        value={search.find ?? ''}
        onChange={(event) => go({ find: event.currentTarget.value || undefined })}
        placeholder={t('staff.search')}
        aria-label={t('staff.search')}
        leftSection={<IconSearch size={16} aria-hidden />}
        className={classes.search}
      />
      <Button
        variant={only ? 'light' : 'default'}
        aria-pressed={only}
        leftSection={<IconAlertTriangle size={16} aria-hidden />}
        onClick={() => go({ only: only ? undefined : 'attention' })}
        data-act="only-attention"
      >
        {t('staff.attention')}
      </Button>
      {wide && (
        <SegmentedControl
          value={search.view ?? 'both'}
          onChange={(next) => go({ view: next === 'both' ? undefined : next })}
          aria-label={t('staff.views.label')}
          data={VIEWS.map((value) => ({ value, label: t(`staff.views.${value}`) }))}
        />
      )}
      <Counts created={created} positions={crews.positions} />
    </div>
  );
}
