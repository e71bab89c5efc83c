import { useQueryClient } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { useCallback } from 'react';
import type { UserMessage } from '../../api/channels';
import { ignore, reload, useMessages } from '../../live';
import { useUser } from '../../session';
import { Guard } from '../frame/Guard';

/** Everything of a customer. Their own channel says when orders, cart and wallet have to be loaded again. */
export function AppFrame() {
  return (
    <Guard roles={['customer']}>
      <OwnMessages />
      <Outlet />
    </Guard>
  );
}

/** Keys of the queries that a message makes old. */
function keysOf(message: UserMessage): string[][] {
  switch (message.type) {
    case 'cart_changed':
      return [['cart']];
    case 'wallet_changed':
      return [['wallet']];
    case 'order_placed':
    case 'order_created':
    case 'order_claimed':
    case 'order_released':
    case 'order_reassigned':
    case 'order_shipped':
    case 'order_delivered':
    case 'order_delivery_failed':
    case 'order_cancelled':
    case 'order_completed':
      return [['orders'], ['proof']];
    case 'seller_payment':
    case 'crew_payment':
    case 'notifications_read':
    case 'session_revoked':
      return [];
    default:
      return ignore([], message);
  }
}

function OwnMessages() {
  const id = useUser()?.id;
  const cache = useQueryClient();
  const onMessage = useCallback(
    (message: UserMessage) => {
      for (const queryKey of keysOf(message)) void reload(cache, queryKey);
    },
    [cache],
  );
  useMessages(id ? `user:${id}` : null, onMessage);
  return null;
}
