/** One webhook: where it leads, how it fares, and what can be done about it. */

import { Alert, Badge, Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { changeWebhook, deleteWebhook, ping, rotateSecret, type Webhook, type WebhookChange, webhooksKey } from "@/api/webhooks";
import { t } from "@/text/en";
import { translated } from "@/text/translated";
import { hooks } from "@/text/webhooks";
import { Card } from "@/ui/card";
import { Ago } from "@/ui/time";

import { Deliveries } from "./deliveries";
import { WebhookForm } from "./webhook-form";

interface Props {
  readonly webhook: Webhook;
  readonly known: readonly string[];
  readonly onSecret: (secret: string) => void;
}

export function WebhookCard({ webhook, known, onSecret }: Props) {
  const cache = useQueryClient();
  const [opened, setOpened] = useState<"edit" | "rotate" | "remove" | null>(null);
  const [looking, setLooking] = useState(false);
  const refresh = () => cache.invalidateQueries({ queryKey: webhooksKey });
  const close = () => { setOpened(null); };
  const changed = useMutation({ mutationFn: (change: Partial<WebhookChange>) => changeWebhook(webhook.id, change), onSettled: refresh });
  const pinged = useMutation({
    mutationFn: () => ping(webhook.id),
    onSuccess: () => { setLooking(true); },
    onSettled: refresh,
  });
  const failure = changed.error ?? pinged.error;
  return (
    <Card title={webhook.url} intro={<Intro webhook={webhook} />} tools={<State webhook={webhook} />}>
      <Stack gap="sm">
        {!webhook.enabled && (
          <Alert color="yellow" variant="light" role="alert" title={hooks.disabledTitle}>
            <Text size="sm" mb="xs">
              {translated(webhook.disabled_why ?? "")} {hooks.disabledByServer}
            </Text>
            <Group gap="xs">
              <Button size="xs" loading={changed.isPending} onClick={() => { changed.mutate({ enabled: true }); }}>
                {hooks.enable}
              </Button>
              <Button size="xs" variant="default" loading={changed.isPending} onClick={() => { changed.mutate({ enabled: true, skip_missed: true }); }}>
                {hooks.enableAndSkip}
              </Button>
            </Group>
          </Alert>
        )}
        {webhook.enabled && webhook.failures > 0 && (
          <Text size="sm" role="status">
            {hooks.failingSince(webhook.failures)} <Ago time={webhook.next_try} />
          </Text>
        )}
        {failure && (
          <Alert color="red" variant="light" role="alert">
            {failure.message}
          </Alert>
        )}
        <Group gap="xs">
          <Button size="xs" variant="default" loading={pinged.isPending} onClick={() => { pinged.mutate(); }}>
            {hooks.ping}
          </Button>
          <Button size="xs" variant="default" onClick={() => { setOpened("edit"); }}>
            {hooks.edit}
          </Button>
          {webhook.enabled && (
            <Button size="xs" variant="default" loading={changed.isPending} onClick={() => { changed.mutate({ enabled: false }); }}>
              {hooks.disable}
            </Button>
          )}
          <Button size="xs" variant="default" onClick={() => { setOpened("rotate"); }}>
            {hooks.rotate}
          </Button>
          <Button size="xs" variant="default" onClick={() => { setOpened("remove"); }}>
            {hooks.remove} …
          </Button>
          <Button size="xs" variant="subtle" aria-expanded={looking} onClick={() => { setLooking(!looking); }}>
            {hooks.deliveries}
          </Button>
        </Group>
        {looking && <Deliveries webhook={webhook} />}
      </Stack>
      {opened === "edit" && <WebhookForm workspace={webhook.workspace} known={known} webhook={webhook} onClose={close} />}
      {opened === "rotate" && (
        <Sure
          title={hooks.rotateTitle}
          intro={hooks.rotateIntro}
          button={hooks.rotate}
          act={async () => { onSecret((await rotateSecret(webhook.id)).secret); }}
          onClose={close}
        />
      )}
      {opened === "remove" && (
        <Sure
          title={hooks.removeTitle}
          intro={hooks.removeIntro(webhook.waiting)}
          button={hooks.remove}
          act={async () => { await deleteWebhook(webhook.id); }}
          onClose={close}
        />
      )}
    </Card>
  );
}

function Intro({ webhook }: { webhook: Webhook }) {
  const events = webhook.events.includes("*") ? hooks.allEvents : webhook.events.join(", ");
  const parts = [webhook.description, events, webhook.dataset && hooks.ofDataset(webhook.dataset), webhook.waiting > 0 && hooks.waiting(webhook.waiting)];
  return <>{parts.filter(Boolean).join(" · ")}</>;
}

function State({ webhook }: { webhook: Webhook }) {
  if (!webhook.enabled) return <Badge color="gray">{hooks.disabled}</Badge>;
  return webhook.failures ? <Badge color="orange">{hooks.failing}</Badge> : <Badge color="pine">{hooks.enabled}</Badge>;
}

function Sure({ title, intro, button, act, onClose }: { title: string; intro: string; button: string; act: () => Promise<void>; onClose: () => void }) {
  const cache = useQueryClient();
  const done = useMutation({
    mutationFn: act,
    onSuccess: async () => {
      onClose();
      await cache.invalidateQueries({ queryKey: webhooksKey });
    },
  });
  return (
    <Modal opened onClose={onClose} title={title}>
      <Stack gap="sm">
        <Text size="sm">{intro}</Text>
        {done.isError && (
          <Alert color="red" variant="light" role="alert">
            {done.error.message}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t.common.cancel}
          </Button>
          <Button color="red.9" loading={done.isPending} onClick={() => { done.mutate(); }}>
            {button}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
