/** Leaving a record to others, with a reason if one wants to give one. */

import { Button, Group, Modal, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";

import { t } from "@/text/en";

export default function Skip({ onSkip, onClose }: { onSkip: (reason: string | null) => void; onClose: () => void }) {
  const [reason, setReason] = useState("");

  function submit(event: FormEvent) {
    event.preventDefault();
    onSkip(reason.trim() || null);
  }

  return (
    <Modal opened onClose={onClose} title={t.queue.skipTitle}>
      <form onSubmit={submit}>
        <TextInput
          label={t.queue.reason}
          placeholder={t.queue.reasonHint}
          value={reason}
          onChange={(event) => { setReason(event.currentTarget.value); }}
          maxLength={10_000}
          data-autofocus
        />
        <Group justify="flex-end" gap="xs" mt="md">
          <Button variant="default" onClick={onClose}>
            {t.common.cancel}
          </Button>
          <Button type="submit">{t.queue.skip}</Button>
        </Group>
      </form>
    </Modal>
  );
}
