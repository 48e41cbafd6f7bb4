/** My next records: claim them, keep them while they are before me, give them back, skip them. */

import type { AppRecord, DatasetRef } from "@/core/model";
import { seenVersion } from "@/core/outbox";
import { readRecord } from "@/core/wire";

import { ask, askExactly, client } from "./client";
import type { WhyEmpty } from "./codes";
import type { components } from "./schema";

export interface Lease {
  readonly id: string;
  readonly token: string;
}

/** A record that is leased to me. */
export interface Claimed {
  readonly record: AppRecord;
  readonly token: string | null;
  /** Reason why I have it, as a sentence. */
  readonly reason: string | null;
  readonly due: string | null;
}

export interface Claim {
  readonly items: readonly Claimed[];
  /** Number of records that are left for me. */
  readonly left: number;
  readonly why: WhyEmpty | null;
}

const pathOf = ({ workspace, name }: DatasetRef) => ({ path: { name }, query: { workspace } });

/** Leases my next records; what I have already comes first. */
export async function claim(dataset: DatasetRef, wanted: { limit: number; where: string | null }): Promise<Claim> {
  const found = await askExactly<components["schemas"]["QueueOut"]>(
    client.POST("/api/datasets/{name}/queue:claim", {
      params: pathOf(dataset),
      body: { ...wanted, dataset: dataset.individual?.uuid ?? null },
      parseAs: "text",
    }),
  );
  const items = found.records.map(({ assignment, ...wire }) => {
    const record = { ...readRecord(wire, dataset.task), id: assignment.id };
    const seen = dataset.individual ? seenVersion(assignment.version) : record.seen;
    return { record: { ...record, seen }, token: assignment.token, reason: assignment.reason, due: assignment.due };
  });
  return { items, left: found.left, why: found.why_empty ?? null };
}

/** The UUID of a dataset, which tells it from another one of the same name. */
export async function uuidOf(workspace: string, name: string): Promise<string | null> {
  const found = await ask(client.GET("/api/datasets/{name}/queue", { params: { path: { name }, query: { workspace, limit: 1 } } }));
  return found.dataset;
}

/** Ids of the records whose lease is gone. */
export async function keepLeases(dataset: DatasetRef, leases: readonly Lease[]): Promise<string[]> {
  const body = { leases: leases.map((each) => ({ ...each })) };
  const found = await ask(client.POST("/api/datasets/{name}/queue:heartbeat", { params: pathOf(dataset), body }));
  return found.leases.filter((each) => each.lease_until === null).map((each) => each.id);
}

/** Gives leases back; arrives also when the page is being closed. */
export async function releaseLeases(dataset: DatasetRef, leases: readonly Lease[]): Promise<void> {
  const body = { leases: leases.map((each) => ({ ...each })) };
  await ask(client.POST("/api/datasets/{name}/queue:release", { params: pathOf(dataset), body, keepalive: true }));
}

/** Next holder of a record that was skipped: whoever is free, I again but last, or nobody. */
export type PassedTo = "others" | "me" | "nobody";

export async function skipRecord(dataset: DatasetRef, id: string, token: string | null, reason: string | null): Promise<PassedTo> {
  const { state, annotator } = await ask(client.POST("/api/datasets/{name}/queue:skip", { params: pathOf(dataset), body: { id, token, reason } }));
  return state === "skipped" ? "nobody" : annotator === null ? "others" : "me";
}

/** Takes a record that I skipped back, with a new lease; refused once somebody else has it. */
export async function takeSkipBack(dataset: DatasetRef, id: string): Promise<string> {
  return (await ask(client.POST("/api/datasets/{name}/queue:undo_skip", { params: pathOf(dataset), body: { id } }))).token;
}
