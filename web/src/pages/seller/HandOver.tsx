import { Button, Modal } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { confirmAtCounter, type Part } from '../../domain/shops/parts';
import { PinPad } from '../../ui/PinPad';

/** The last step at the counter: the customer's PIN, typed in, hands the part over. */
export function HandOver({ part, onDone }: { part: Part; onDone: () => void }) {
  const { t } = useTranslation();
  const [asks, setAsks] = useState(false);
  const send = async (pin: string) => {
    await confirmAtCounter(part, pin);
    setAsks(false);
    onDone();
  };
  return (
    <>
      <Button mih={48} onClick={() => setAsks(true)} data-act="hand-over">
        {t('seller.hand_over')}
      </Button>
      <Modal
        opened={asks}
        onClose={() => setAsks(false)}
        title={t('seller.hand_over_title', { code: `\u2068${part.code}\u2069` })}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <PinPad send={send} />
      </Modal>
    </>
  );
}
