import { Button, Modal } from '@mantine/core';
import { IconQrcode } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isProofDue, type Order, proofQuery } from '../../domain/orders';
import { RefusalLine } from '../../ui';
import classes from './tracking.module.css';

/** The PIN, huge, and its code to scan: from the proof alone, for the customer alone. */
export function Proof({ order }: { order: Order }) {
  const { t } = useTranslation();
  const due = isProofDue(order);
  const words = order.fulfilment === 'pickup' ? 'pickup' : 'tracking';
  const coming = order.status === 'CREATED' || order.status === 'PROCESSING';
  const proof = useQuery({ ...proofQuery(order.id), enabled: due, staleTime: 0, retry: 3 });
  const [scan, setScan] = useState(false);
  if (!due) return coming ? <p className={classes.pinLater}>{t(`app.${words}.pin_later`)}</p> : null;
  return (
    <div className={classes.proof} data-proof={proof.isSuccess || undefined}>
      <div>
        <p className={classes.pinLabel}>{t(`app.${words}.pin`)}</p>
        <output className={classes.pin} dir="ltr" data-pin={proof.data?.pin}>
          {grouped(proof.data?.pin ?? '••••••')}
        </output>
        <p className={classes.pinHint}>{t(proof.data?.locked ? 'app.tracking.pin_locked' : `app.${words}.pin_hint`)}</p>
      </div>
      <Button
        variant="default"
        mih={56}
        onClick={() => setScan(true)}
        disabled={!proof.data}
        aria-label={t(`app.${words}.qr`)}
      >
        <IconQrcode size={32} aria-hidden />
      </Button>
      <RefusalLine error={proof.error} />
      <Modal
        opened={scan}
        onClose={() => setScan(false)}
        title={t(`app.${words}.qr`)}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        {proof.data && <Code svg={proof.data.qr_svg} label={t(`app.${words}.qr`)} />}
      </Modal>
    </div>
  );
}

const grouped = (pin: string) => `${pin.slice(0, 3)} ${pin.slice(3)}`;

/** The drawing as an image: nothing inside it can run. */
function Code({ svg, label }: { svg: string; label: string }) {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    const made = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [svg]);
  return url === null ? null : <img src={url} alt={label} className={classes.qr} />;
}
