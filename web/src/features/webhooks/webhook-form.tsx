/** A new webhook, or another address, other events or another description for one that is there. */

import { Alert, Button, Group, Modal, MultiSelect, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { changeWebhook, createWebhook, type Webhook, webhooksKey } from "@/api/webhooks";
import { t } from "@/text/en";
import { hooks } from "@/text/webhooks";

interface Props {
  readonly workspace: string | null;
  readonly known: readonly string[];
  readonly webhook?: Webhook;
  readonly onClose: () => void;
  readonly onSecret?: (secret: string) => void;
}

export function WebhookForm({ workspace, known, webhook, onClose, onSecret }: Props) {
  const cache = useQueryClient();
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [events, setEvents] = useState<string[]>(webhook?.events.filter((each) => each !== "*") ?? []);
  const [dataset, setDataset] = useState("");
  const [description, setDescription] = useState(webhook?.description ?? "");
  const saved = useMutation({
    mutationFn: async () => {
      const wanted = { url: url.trim(), events: events.length ? events : ["*"], description };
      if (webhook) await changeWebhook(webhook.id, { ...wanted, url: wanted.url === webhook.url ? null : wanted.url });
      else onSecret?.((await createWebhook(workspace, { ...wanted, dataset: dataset.trim() || null })).secret);
    },
    onSuccess: async () => {
      onClose();
      await cache.invalidateQueries({ queryKey: webhooksKey });
    },
  });
  return (
    <Modal opened onClose={onClose} title={webhook ? hooks.editTitle : hooks.create}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (url.trim()) saved.mutate();
        }}
      >
        <Stack gap="sm">
          <TextInput label={hooks.url} description={hooks.urlHint} type="url" value={url} onChange={(event) => { setUrl(event.currentTarget.value); }} placeholder="https://" autoComplete="off" data-autofocus />
          <MultiSelect label={hooks.events} description={hooks.eventsHint} data={[...known]} value={events} onChange={setEvents} placeholder={events.length ? "" : hooks.allEvents} searchable />
          {!webhook && workspace !== null && (
            <TextInput label={hooks.dataset} description={hooks.datasetHint} value={dataset} onChange={(event) => { setDataset(event.currentTarget.value); }} autoCapitalize="none" autoComplete="off" />
          )}
          <TextInput label={hooks.description} value={description} onChange={(event) => { setDescription(event.currentTarget.value); }} maxLength={500} />
          {saved.isError && (
            <Alert color="red" variant="light" role="alert">
              {saved.error.message}
            </Alert>
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t.common.cancel}
            </Button>
            <Button type="submit" disabled={!url.trim()} loading={saved.isPending}>
              {webhook ? hooks.save : hooks.create}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
