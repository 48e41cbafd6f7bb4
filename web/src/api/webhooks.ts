/** Webhooks: addresses that the server tells what happens, and what it sent to them. */

import { queryOptions } from "@tanstack/react-query";

import { ask, client } from "./client";
import type { components } from "./schema";

export type Webhook = components["schemas"]["WebhookOut"];
export type WebhookMade = components["schemas"]["WebhookMade"];
export type Delivery = components["schemas"]["DeliveryOut"];
export type WebhookChange = components["schemas"]["WebhookChanges"];

export const webhooksKey = ["webhooks"];

/** Those of a workspace, or with null of the whole server. */
export const webhooksQuery = (workspace: string | null) =>
  queryOptions({
    queryKey: [...webhooksKey, workspace],
    queryFn: () => ask(client.GET("/api/webhooks", { params: { query: placeOf(workspace) } })),
  });

/** Deliveries of a webhook, sent or to come, newest first; asked again every few seconds as long as something is to come. */
export const deliveriesQuery = (id: string) =>
  queryOptions({
    queryKey: [...webhooksKey, "deliveries", id],
    queryFn: () => ask(client.GET("/api/webhooks/{id}/deliveries", { params: { path: { id }, query: { limit: 20 } } })),
    refetchInterval: (query) => (query.state.data?.deliveries.some((each) => each.state === "waiting") ? 2_000 : false),
  });

export interface NewWebhook {
  readonly url: string;
  readonly events: readonly string[];
  readonly dataset: string | null;
  readonly description: string;
}

export function createWebhook(workspace: string | null, webhook: NewWebhook): Promise<WebhookMade> {
  const { scope, ...query } = placeOf(workspace);
  return ask(client.POST("/api/webhooks", { params: { query }, body: { ...webhook, events: [...webhook.events], scope } }));
}

export function changeWebhook(id: string, change: Partial<WebhookChange>): Promise<Webhook> {
  return ask(client.PATCH("/api/webhooks/{id}", { params: { path: { id } }, body: { skip_missed: false, ...change } }));
}

export function rotateSecret(id: string): Promise<WebhookMade> {
  return ask(client.POST("/api/webhooks/{id}:rotate_secret", { params: { path: { id } } }));
}

export function deleteWebhook(id: string) {
  return ask(client.DELETE("/api/webhooks/{id}", { params: { path: { id } } }));
}

export function ping(id: string): Promise<Delivery> {
  return ask(client.POST("/api/webhooks/{id}:ping", { params: { path: { id } } }));
}

export function sendAgain(id: string, delivery: string): Promise<Delivery> {
  return ask(client.POST("/api/webhooks/{id}/deliveries/{delivery}:send_again", { params: { path: { id, delivery } } }));
}

function placeOf(workspace: string | null): { workspace?: string; scope: "workspace" | "server" } {
  return workspace === null ? { scope: "server" } : { workspace, scope: "workspace" };
}
