/** The audit log: who did what when, page by page and as a file. */

import { ask, client } from "./client";
import type { components } from "./schema";

export type AuditEvent = components["schemas"]["AuditEvent"];
export type EventArea = components["schemas"]["EventArea"];
export type EventCode = components["schemas"]["EventCode"];
export type AuditFormat = "csv" | "jsonl";

/** Selection of events; an empty text does not narrow. */
export interface AuditFilter {
  readonly area: readonly EventArea[];
  readonly who: string;
  readonly workspace: string;
  readonly dataset: string;
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

export const auditKey = (filter: AuditFilter) => ["audit", filter];

function named(filter: AuditFilter) {
  const { area, ...texts } = filter;
  const given = Object.fromEntries(Object.entries(texts).filter(([, value]) => value.trim() !== ""));
  return { ...given, ...(area.length ? { area: [...area] } : {}) };
}

export async function readAudit(filter: AuditFilter, cursor: string): Promise<{ events: AuditEvent[]; next: string | null }> {
  const found = await ask(client.GET("/api/audit", { params: { query: { ...named(filter), ...(cursor ? { cursor } : {}) } } }));
  return { events: found.events, next: found.next ?? null };
}

/** All events that match, as a file; that it was taken is an event, too. */
export async function exportAudit(filter: AuditFilter, format: AuditFormat): Promise<Blob> {
  const body = { ...named(filter), format } as components["schemas"]["AuditExport"];
  return (await ask<unknown>(client.POST("/api/audit:export", { body, parseAs: "blob" }))) as Blob;
}
