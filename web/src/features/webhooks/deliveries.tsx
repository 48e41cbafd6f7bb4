/** Deliveries of a webhook, sent or to come, what came back, and sending it once more. */

import { Alert, Badge, Button, Code, Group, Skeleton, Stack, Table, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Fragment, useState } from "react";

import { deliveriesQuery, type Delivery, sendAgain, type Webhook, webhooksKey } from "@/api/webhooks";
import { t } from "@/text/en";
import { translated } from "@/text/translated";
import { hooks } from "@/text/webhooks";
import sheet from "@/ui/sheet.module.css";
import { Ago } from "@/ui/time";

const COLOURS = { waiting: "gray", delivered: "pine", failed: "red", skipped: "gray" } as const;

export function Deliveries({ webhook }: { webhook: Webhook }) {
  const cache = useQueryClient();
  const found = useQuery(deliveriesQuery(webhook.id));
  const [shown, setShown] = useState("");
  const again = useMutation({
    mutationFn: (delivery: string) => sendAgain(webhook.id, delivery),
    onSettled: () => cache.invalidateQueries({ queryKey: webhooksKey }),
  });
  if (found.isPending) return <Skeleton h={120} role="progressbar" aria-label={t.common.loading} />;
  const failure = found.error ?? again.error;
  const deliveries = found.data?.deliveries ?? [];
  return (
    <Stack gap="xs">
      {failure && (
        <Alert color="red" variant="light" role="alert">
          {failure.message}
        </Alert>
      )}
      {deliveries.length === 0 && (
        <Text size="sm" c="dimmed">
          {hooks.noDeliveries}
        </Text>
      )}
      {deliveries.length > 0 && (
        <div className={sheet["sheet"]}>
          <Table className={sheet["table"] ?? ""} verticalSpacing={4} aria-label={hooks.deliveriesOf(webhook.url)}>
            <Table.Thead>
              <Table.Tr>
                {[hooks.event, hooks.state, hooks.attempts, hooks.answer, hooks.when, ""].map((head) => (
                  <Table.Th key={head}>{head || <span className="sr-only">{hooks.again}</span>}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {deliveries.map((each) => (
                <Fragment key={each.id}>
                  <Table.Tr>
                    <Table.Th scope="row">{each.event}</Table.Th>
                    <Table.Td>
                      <Badge color={COLOURS[each.state]}>{hooks.states[each.state]}</Badge>
                    </Table.Td>
                    <Table.Td>{each.attempts}</Table.Td>
                    <Table.Td>{each.problem ? translated(each.problem) : (each.status ?? "–")}</Table.Td>
                    <Table.Td>
                      <Ago time={each.changed_at} />
                    </Table.Td>
                    <Table.Td>
                      <Group gap={4} wrap="nowrap" justify="flex-end">
                        <Button size="compact-xs" variant="subtle" aria-expanded={shown === each.id} aria-label={hooks.lookAt(each.event)} onClick={() => { setShown(shown === each.id ? "" : each.id); }}>
                          {hooks.look}
                        </Button>
                        <Button size="compact-xs" variant="default" aria-label={hooks.againOf(each.event)} disabled={each.state === "waiting" || again.isPending} onClick={() => { again.mutate(each.id); }}>
                          {hooks.again}
                        </Button>
                      </Group>
                    </Table.Td>
                  </Table.Tr>
                  {shown === each.id && (
                    <Table.Tr>
                      <Table.Td colSpan={6}>
                        <Details delivery={each} />
                      </Table.Td>
                    </Table.Tr>
                  )}
                </Fragment>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </Stack>
  );
}

function Details({ delivery }: { delivery: Delivery }) {
  const parts = [
    [hooks.id, delivery.id],
    [hooks.sent, delivery.body],
    [hooks.answered, delivery.response],
  ] as const;
  return (
    <Stack gap={4}>
      {parts.map(([name, text]) =>
        text ? (
          <div key={name}>
            <Text size="xs" c="dimmed">
              {name}
            </Text>
            <Code block tabIndex={0} style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere", maxHeight: 240 }}>
              {text}
            </Code>
          </div>
        ) : null,
      )}
    </Stack>
  );
}
