import { Outlet, useRouterState } from '@tanstack/react-router';
import { useSession } from '../../session';
import { SignedOut } from './SignedOut';

/** Every page, covered by the sign-in when the session ended elsewhere. */
export function Root() {
  const { ended } = useSession();
  const isLanding = useRouterState({ select: (state) => state.location.pathname === '/' });
  return (
    <>
      <Outlet />
      {ended === 'revoked' && !isLanding && <SignedOut />}
    </>
  );
}
