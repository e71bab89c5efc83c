import { useQueryClient } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { useCallback } from 'react';
import { useEvents } from '../../live';
import { useUser } from '../../session';
import { Guard } from '../frame/Guard';

/** Everything of a customer. Their own channel says when orders, cart and wallet are to be looked at again. */
export function AppFrame() {
  return (
    <Guard roles={['customer']}>
      <OwnNews />
      <Outlet />
    </Guard>
  );
}

const keysOf = (type: string): string[][] => {
  if (type === 'cart_changed') return [['cart']];
  if (type === 'wallet_changed') return [['wallet']];
  if (type.startsWith('order_') || type.startsWith('proof_')) return [['orders'], ['proof']];
  return [];
};

function OwnNews() {
  const id = useUser()?.id;
  const cache = useQueryClient();
  const heard = useCallback(
    (event: { type?: string }) => {
      for (const queryKey of keysOf(event.type ?? '')) void cache.invalidateQueries({ queryKey });
    },
    [cache],
  );
  useEvents(id ? `user:${id}` : null, heard);
  return null;
}
