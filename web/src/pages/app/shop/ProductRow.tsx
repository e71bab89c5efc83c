import { ActionIcon, Button } from '@mantine/core';
import { IconMinus, IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Product } from '../../../domain/shops';
import { ErrorLine, Money } from '../../../ui';
import { nameOf } from '../../../ui/name';
import classes from '../app.module.css';

type Props = { product: Product; quantity: number; onChange: (quantity: number) => Promise<void> };

export function ProductRow({ product, quantity, onChange }: Props) {
  const { t } = useTranslation();
  const [busy, setBusy] = useState(false);
  const least = product.min_quantity || 1;
  const [error, setError] = useState<unknown>(null);
  const change = async (next: number) => {
    setBusy(true);
    setError(null);
    await onChange(next).catch(setError);
    setBusy(false);
  };
  const name = nameOf(product);
  return (
    <li className={classes.product} data-id={product.id}>
      <span>
        <span dir="auto">{name}</span>
        <br />
        <Money amount={product.final_price} currency={product.currency} />
      </span>
      {product.stock < least ? (
        <span className={classes.closed}>{t('app.sold_out')}</span>
      ) : quantity === 0 ? (
        <Button
          mih={48}
          variant="default"
          loading={busy}
          onClick={() => void change(least)}
          aria-label={t('app.add_of', { name })}
          data-act="add"
        >
          {t('app.add')}
        </Button>
      ) : (
        <span className={classes.stepper}>
          <ActionIcon
            size={48}
            variant="default"
            disabled={busy}
            aria-label={t('app.less_of', { name })}
            onClick={() => void change(quantity - 1)}
          >
            <IconMinus size={20} aria-hidden />
          </ActionIcon>
          <output className="number">{quantity}</output>
          <ActionIcon
            size={48}
            variant="default"
            disabled={busy || (product.max_quantity != null && quantity >= product.max_quantity)}
            aria-label={t('app.more_of', { name })}
            onClick={() => void change(quantity + 1)}
          >
            <IconPlus size={20} aria-hidden />
          </ActionIcon>
        </span>
      )}
      <ErrorLine error={error} />
    </li>
  );
}
