import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMeta } from '../../api/meta';
import { homeOf, sessions, signIn } from '../../session';
import { ErrorScreen, Loading, TopBar } from '../../ui';

/** Opens a slot as one of the demo people; one who is signed in there already stays signed in. */
export function EnterAs({ as }: { as: string }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const meta = useMeta();
  const [error, setError] = useState<unknown>(null);
  const started = useRef(false);
  const demo = meta.data?.demo;
  useEffect(() => {
    if (demo === undefined || started.current) return;
    started.current = true;
    const go = async () => {
      const present = sessions.now().session?.user;
      if (present?.username === as) return present;
      if (demo === null) return null;
      return signIn(as, demo.password);
    };
    go()
      .then((user) =>
        navigate({ to: user === null ? '/' : homeOf(user.role), search: { as: undefined }, replace: true }),
      )
      .catch(setError);
  }, [demo, as, navigate]);
  return (
    <>
      <TopBar title={t('landing.entering', { name: as })} />
      {error === null ? <Loading /> : <ErrorScreen error={error} />}
    </>
  );
}
