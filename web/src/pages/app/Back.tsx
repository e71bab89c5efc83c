import { ActionIcon } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';

export function Back({ to = '/app' }: { to?: '/app' | '/app/cart' }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size={44}
      aria-label={t('common.back')}
      onClick={() => void navigate({ to })}
    >
      <IconArrowLeft size={22} className="along" aria-hidden />
    </ActionIcon>
  );
}
