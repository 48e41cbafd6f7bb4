/** Settling records: everybody's answers, the decision a dataset stands by, what is said about a record. */

import { queryOptions } from "@tanstack/react-query";

import type { AppRecord, DatasetRef, Value } from "@/core/model";
import { readValue as valueOf, writeValue } from "@/core/wire";
import { Offsets } from "@/core/offsets";

import { ask, client } from "./client";
import type { components } from "./schema";
import type { AnswerValue, WireGold } from "./shapes";
import { allOf } from "./work";

export type Comment = components["schemas"]["CommentOut"];
export type Policies = components["schemas"]["PoliciesOut"];

/** Somebody's answer. */
export interface Answered {
  readonly annotator: string;
  readonly value: Value;
  readonly discarded: boolean;
  readonly counted: boolean;
  readonly seconds: number | null;
}

/** Decided value of a record, who decided it and why. */
export interface Decision {
  readonly value: Value;
  readonly discarded: boolean;
  readonly origin: string;
  readonly author: string;
  readonly reason: string | null;
  readonly version: number;
  readonly at: string;
}

/** All that is known for settling a record. */
export interface Case {
  readonly answers: readonly Answered[];
  readonly gold: Decision | null;
}

/** Decision of a reviewer, and the version it is based on. */
export interface Verdict {
  readonly value: Value;
  readonly discarded: boolean;
  readonly reason: string | null;
  readonly version: number;
}

export const policiesQuery = (dataset: DatasetRef) =>
  queryOptions({
    queryKey: ["policies", dataset.workspace, dataset.name],
    queryFn: () => ask(client.GET("/api/datasets/{name}/policies", { params: place(dataset) })),
    staleTime: 60_000,
  });

export const caseQuery = (dataset: DatasetRef, record: AppRecord) =>
  queryOptions({
    queryKey: ["case", dataset.workspace, dataset.name, record.id],
    queryFn: () => findCase(dataset, record),
    staleTime: 30_000,
  });

async function findCase(dataset: DatasetRef, record: AppRecord): Promise<Case> {
  const found = await ask(client.GET("/api/datasets/{name}/records/{id}/annotations", { params: placeOf(dataset, record.id) }));
  return { answers: readAnswered(found.annotations, record), gold: readGold(found.gold, record) };
}

/** Answers of people, without drafts. */
export function readAnswered(annotations: readonly components["schemas"]["OneAnnotation"][], record: AppRecord): Answered[] {
  return annotations
    .filter((each) => each.state === "submitted" || each.state === "discarded")
    .map((each) => ({
      annotator: each.annotator,
      value: readValue(each.value, record),
      discarded: each.state === "discarded",
      counted: each.counted,
      seconds: each.seconds ?? null,
    }));
}

/** Settles a record; a version that is no longer the latest is refused with what is stored instead. */
export async function decide(dataset: DatasetRef, record: AppRecord, verdict: Verdict): Promise<Decision | null> {
  const { value, discarded, reason, version } = verdict;
  const { gold } = await ask(
    client.PUT("/api/datasets/{name}/records/{id}/gold", {
      params: placeOf(dataset, record.id),
      body: {
        value: discarded ? null : writeValue(value, record.task, textOf(record)),
        state: discarded ? "discarded" : "submitted",
        reason,
        version,
      },
    }),
  );
  return readGold(gold, record);
}

/** Takes a decision back: the record is again what people's answers make of it. */
export async function takeBack(dataset: DatasetRef, id: string, version: number): Promise<void> {
  const params = placeOf(dataset, id);
  await ask(
    client.DELETE("/api/datasets/{name}/records/{id}/gold", {
      params: { ...params, query: { ...params.query, version } },
    }),
  );
}

/** The decision that stood in the way, as a refusal tells it. */
export function storedGold(params: Readonly<Record<string, unknown>>, record: AppRecord): Decision | null {
  return readGold(params["current"] as WireGold | undefined, record);
}

export const commentsQuery = (dataset: DatasetRef, id: string) =>
  queryOptions({
    queryKey: ["comments", dataset.workspace, dataset.name, id],
    queryFn: async () =>
      (await ask(client.GET("/api/datasets/{name}/records/{id}/comments", { params: allOf(placeOf(dataset, id)) }))).comments,
    staleTime: 30_000,
  });

export async function comment(dataset: DatasetRef, id: string, text: string, to: string | null): Promise<void> {
  const params = placeOf(dataset, id);
  await ask(client.POST("/api/datasets/{name}/records/{id}/comments", { params, body: { text, to } }));
}

function place(dataset: DatasetRef) {
  return { path: { name: dataset.name }, query: { workspace: dataset.workspace } };
}

function placeOf(dataset: DatasetRef, id: string) {
  return { path: { name: dataset.name, id }, query: { workspace: dataset.workspace } };
}

function textOf(record: AppRecord): string {
  return record.task === "TokenClassification" ? (record.fields[0]?.text ?? "") : "";
}

/** A value as in a record's annotation; positions become those of the browser. */
function readValue(value: AnswerValue | null, record: AppRecord): Value {
  return value ? valueOf(value, record.task, new Offsets(textOf(record))) : {};
}

export function readGold(gold: WireGold | null | undefined, record: AppRecord): Decision | null {
  if (!gold?.version) return null;
  const { origin, author, reason, version, at } = gold;
  return { value: readValue(gold.value, record), discarded: gold.state === "discarded", origin, author, reason, version, at };
}
