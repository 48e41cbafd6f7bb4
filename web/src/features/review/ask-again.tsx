/** Sending a record back to somebody, with the reason they will read. */

import { Alert, Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { askAgain } from "@/api/inbox";
import { progressKey } from "@/api/datasets";
import type { DatasetRef } from "@/core/model";
import { t } from "@/text/en";
import { inboxText } from "@/text/inbox";

interface Props {
  readonly dataset: DatasetRef;
  readonly id: string;
  readonly annotator: string;
  readonly name: string;
  readonly onAsked: () => void;
  readonly onClose: () => void;
}

export function AskAgain({ dataset, id, annotator, name, onAsked, onClose }: Props) {
  const cache = useQueryClient();
  const [reason, setReason] = useState("");
  const sent = useMutation({
    mutationFn: () => askAgain(dataset, id, annotator, reason.trim()),
    onSuccess: () => {
      onAsked();
      for (const queryKey of [["case", dataset.workspace, dataset.name, id], ["comments", dataset.workspace, dataset.name, id], ["settled", dataset.workspace, dataset.name], progressKey(dataset)])
        void cache.invalidateQueries({ queryKey });
    },
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    if (reason.trim() && !sent.isPending) sent.mutate();
  }

  return (
    <Modal opened onClose={onClose} title={inboxText.askTitle(name)}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Text size="sm">{inboxText.askIntro}</Text>
          {sent.error && <Alert color="red" variant="light" role="alert">{sent.error.message}</Alert>}
          <TextInput label={inboxText.reason} value={reason} maxLength={10_000} data-autofocus onChange={(event) => { setReason(event.currentTarget.value); }} />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{t.common.cancel}</Button>
            <Button type="submit" loading={sent.isPending} disabled={!reason.trim()}>{inboxText.ask}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
