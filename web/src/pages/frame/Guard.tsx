import { Link, Navigate } from '@tanstack/react-router';
import { type ReactNode, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { homeOf, type Role, useSession } from '../../session';
import { Empty, TopBar } from '../../ui';

/** Shows a page to people with one of the roles. When the session ends, an open page stays under the sign-in overlay. */
export function Guard({ roles, children }: { roles: Role[]; children: ReactNode }) {
  const { t } = useTranslation();
  const { session, ended } = useSession();
  const wasIn = useRef(false);
  if (session === null) {
    return ended === 'revoked' && wasIn.current ? children : <Navigate to="/" replace />;
  }
  const { user } = session;
  if (!roles.some((role) => user.role === role || user.roles?.includes(role))) {
    return (
      <>
        <TopBar title={t('common.brand')} />
        <Empty title={t('common.wrong_role.title')}>
          <p>{t('common.wrong_role.text', { name: user.username ?? user.first_name })}</p>
          <Link to={homeOf(user.role)}>{t('common.wrong_role.action')}</Link>
        </Empty>
      </>
    );
  }
  wasIn.current = true;
  return children;
}
