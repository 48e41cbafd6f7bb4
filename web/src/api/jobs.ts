/** Changing many records at once: begun here, done by the server, followed until it ends, and taken back. */

import type { DatasetRef, Value } from "@/core/model";
import { writeValue } from "@/core/wire";

import { ask, client } from "./client";
import type { components } from "./schema";

export type Job = components["schemas"]["JobOut"];

export interface BulkChange {
  /** Query for the records, in the search language; empty for all. */
  readonly query: string;
  readonly state: "submitted" | "discarded";
  /** Value that each record gets: this value, its own answer, or what is predicted for it. */
  readonly take: "value" | "own" | "predicted";
  readonly value?: Value;
}

export function applyToAll(dataset: DatasetRef, { query, state, take, value }: BulkChange): Promise<Job> {
  const written = value === undefined ? null : writeValue(value, dataset.task, "");
  return ask(
    client.POST("/api/datasets/{name}/annotations:apply", {
      params: { path: { name: dataset.name }, query: { workspace: dataset.workspace } },
      body: { query, state, take, value: written },
    }),
  );
}

export function findJob(id: string): Promise<Job> {
  return ask(client.GET("/api/jobs/{id}", { params: { path: { id } } }));
}

export function undoJob(id: string): Promise<Job> {
  return ask(client.POST("/api/jobs/{id}:undo", { params: { path: { id } } }));
}

const ENDED = ["done", "failed", "interrupted", "undone"];

export function hasEnded(job: Job): boolean {
  return ENDED.includes(job.state);
}
