import { Button, Modal } from '@mantine/core';
import { IconQrcode } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isProofDue, type Order, proofQuery } from '../../../domain/orders';
import { ErrorLine } from '../../../ui';
import classes from './tracking.module.css';

/** The PIN, large, and its code to scan, for the customer alone. Its space is reserved before and after, so that nothing moves. */
export function Proof({ order }: { order: Order }) {
  const { t } = useTranslation();
  const due = isProofDue(order);
  const words = order.fulfilment === 'pickup' ? 'pickup' : 'tracking';
  const proof = useQuery({ ...proofQuery(order.id), enabled: due, staleTime: 0, retry: 3 });
  const shown = due ? proof.data : undefined;
  const [scan, setScan] = useState(false);
  if (!due && !['CREATED', 'PROCESSING', 'DELIVERED'].includes(order.status)) return null;
  return (
    <div className={classes.proof} data-proof={shown ? true : undefined}>
      <div>
        <p className={classes.pinLabel}>{t(`app.${words}.pin`)}</p>
        <output className={classes.pin} dir="ltr" data-pin={shown?.pin} data-due={due || undefined}>
          {grouped(shown?.pin ?? '••••••')}
        </output>
        <p className={classes.pinHint}>{hint()}</p>
      </div>
      <Button
        variant="default"
        mih={56}
        onClick={() => setScan(true)}
        disabled={!shown}
        aria-label={t(`app.${words}.qr`)}
      >
        <IconQrcode size={32} aria-hidden />
      </Button>
      <ErrorLine error={due ? proof.error : null} />
      <Modal
        opened={scan}
        onClose={() => setScan(false)}
        title={t(`app.${words}.qr`)}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        {shown && <Code svg={shown.qr_svg} label={t(`app.${words}.qr`)} />}
      </Modal>
    </div>
  );

  function hint(): string {
    if (shown?.locked) return t('app.tracking.pin_locked');
    if (due) return t(`app.${words}.pin_hint`);
    return t(order.status === 'DELIVERED' ? 'app.tracking.pin_used' : `app.${words}.pin_later`);
  }
}

const grouped = (pin: string) => `${pin.slice(0, 3)} ${pin.slice(3)}`;

/** The drawing as an image, so that no script inside it can run. */
function Code({ svg, label }: { svg: string; label: string }) {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [svg]);
  return url === null ? null : <img src={url} alt={label} className={classes.qr} />;
}
