import { useTranslation } from 'react-i18next';
import { useNow } from './clock';
import { ago, clockTime, distance, money } from './format';

/** An amount as the server sent it. */
export function Money({ amount, currency }: { amount: string; currency: string }) {
  return <bdi data-number>{money(amount, currency)}</bdi>;
}

/** How long ago; after an hour the time itself. The exact time on hover. */
export function When({ at }: { at: string }) {
  const { t } = useTranslation();
  const now = useNow();
  const then = new Date(at);
  const text = ago(now - then.getTime(), t) ?? clockTime(then, new Date(now));
  return (
    <time dateTime={at} title={then.toLocaleString(document.documentElement.lang)}>
      {text}
    </time>
  );
}

export function Distance({ metres }: { metres: number }) {
  const { t } = useTranslation();
  return <bdi data-number>{distance(metres, t)}</bdi>;
}
