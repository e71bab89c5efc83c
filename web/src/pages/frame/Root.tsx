import { Outlet, useRouterState } from '@tanstack/react-router';
import { useSession } from '../../session';
import { SignedOut } from './SignedOut';

/** What is on every page: nothing but the page, and the sign-in over it when the session ended elsewhere. */
export function Root() {
  const { ended } = useSession();
  const atDoor = useRouterState({ select: (state) => state.location.pathname === '/' });
  return (
    <>
      <Outlet />
      {ended === 'revoked' && !atDoor && <SignedOut />}
    </>
  );
}
