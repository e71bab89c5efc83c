import { ActionIcon } from '@mantine/core';
import { IconTrash } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../../api/problem';
import type { CartItem, CartGroup as Group } from '../../../domain/carts';
import type { Fault } from '../../../domain/carts/checkout';
import { Money, useSentence } from '../../../ui';
import classes from '../app.module.css';

type Props = { group: Group; faults: Fault[]; onRemove: (item: CartItem) => void };

/** What the cart holds of one shop, each fault beside what it is about. */
export function CartGroup({ group, faults, onRemove }: Props) {
  const { t } = useTranslation();
  return (
    <section className={classes.group} data-id={group.shop_id}>
      <h2>
        <bdi>{group.name}</bdi>
      </h2>
      <Faults of={faults.filter((one) => !one.product_id)} />
      <ul className={classes.list}>
        {group.items.map((item) => (
          <li key={item.id} className={classes.product} data-id={item.id}>
            <span>
              <span className="number">{item.quantity} ×</span> <span dir="auto">{item.name}</span>
              <br />
              <Money amount={item.price} currency={item.currency} />
            </span>
            <ActionIcon
              size={48}
              variant="subtle"
              color="gray"
              aria-label={t('app.less_of', { name: item.name })}
              onClick={() => onRemove(item)}
            >
              <IconTrash size={20} aria-hidden />
            </ActionIcon>
            <Faults of={faults.filter((one) => one.product_id === item.product_id)} />
          </li>
        ))}
      </ul>
      <p className={classes.sum}>
        <span>{t('app.subtotal')}</span>
        <Money amount={group.subtotal} currency={group.currency} />
      </p>
    </section>
  );
}

function Faults({ of }: { of: Fault[] }) {
  const { t, i18n } = useTranslation();
  const sentence = useSentence();
  return of.map(({ code }) => (
    <p key={code} className={classes.trouble} role="alert" data-fault={code}>
      {i18n.exists(`app.fault.${code}`) ? t(`app.fault.${code}`) : sentence(new ApiError(409, code, ''))}
    </p>
  ));
}
