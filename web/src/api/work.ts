/** My work, and what belongs to it: my work, policies, guidelines, comments, history. */

import { queryOptions } from "@tanstack/react-query";

import { type Answer, contentOf, type DatasetRef } from "@/core/model";
import { readOwn } from "@/core/wire";

import { findMine } from "./annotations";
import { ApiError, ask, client } from "./client";
import type { HistoryReason } from "./codes";
import { uuidOf } from "./queue";
import type { components } from "./schema";
import type { Me } from "./session";
import type { AppRecord } from "@/core/model";

/** My work in one dataset. */
export type Work = components["schemas"]["WorkItemOut"];

export const workQuery = queryOptions({
  queryKey: ["work"],
  queryFn: async () => (await ask(client.GET("/api/me/work"))).work,
  staleTime: 10_000,
});

/** Policies of a dataset; with its UUID where everybody has their own. */
export const policiesQuery = (workspace: string, name: string) =>
  queryOptions({
    queryKey: ["policies", workspace, name],
    queryFn: async () => {
      const [found, uuid] = await Promise.all([
        ask(client.GET("/api/datasets/{name}/policies", { params: { path: { name }, query: { workspace } } })),
        uuidOrNone(workspace, name),
      ]);
      return { ...found, uuid: found.annotation === "individual" ? uuid : null };
    },
    staleTime: 60_000,
  });

/** A closed dataset has no queue to look at; nothing can be written to it either. */
async function uuidOrNone(workspace: string, name: string): Promise<string | null> {
  try {
    return await uuidOf(workspace, name);
  } catch (failure) {
    if (failure instanceof ApiError && failure.status !== 401) return null;
    throw failure;
  }
}

export type Guidelines = components["schemas"]["GuidelinesOut"];

export const guidelinesQuery = ({ workspace, name }: DatasetRef) =>
  queryOptions({
    queryKey: ["guidelines", workspace, name],
    queryFn: () => ask(client.GET("/api/datasets/{name}/guidelines", { params: { path: { name }, query: { workspace } } })),
    staleTime: 60_000,
  });

const recordPath = ({ workspace, name }: DatasetRef, id: string) => ({ path: { name, id }, query: { workspace } });

/** As much of a list as one page has. */
export const allOf = <Q extends object, P>({ path, query }: { path: P; query: Q }) => ({ path, query: { ...query, limit: 1000 } });

export type Comment = components["schemas"]["CommentOut"];

export const commentsQuery = (dataset: DatasetRef, id: string) =>
  queryOptions({
    queryKey: ["comments", dataset.workspace, dataset.name, id],
    queryFn: async () =>
      (await ask(client.GET("/api/datasets/{name}/records/{id}/comments", { params: allOf(recordPath(dataset, id)) }))).comments,
    staleTime: 30_000,
  });

export function addComment(dataset: DatasetRef, id: string, text: string, to: string | null): Promise<Comment> {
  const params = recordPath(dataset, id);
  return ask(client.POST("/api/datasets/{name}/records/{id}/comments", { params, body: { text, to } }));
}

/** An annotation as it once was. */
export interface Past {
  readonly annotator: string;
  readonly answer: Answer;
  readonly at: string;
  readonly why: HistoryReason;
  readonly version: number;
}

export const historyQuery = (dataset: DatasetRef, record: AppRecord) =>
  queryOptions({
    queryKey: ["history", dataset.workspace, dataset.name, record.id],
    queryFn: async (): Promise<Past[]> => {
      const params = recordPath(dataset, record.id);
      const { history } = await ask(client.GET("/api/datasets/{name}/records/{id}/history", { params }));
      return history.map((each) => ({
        ...each,
        answer: readOwn(each, dataset.task, record.fields[0]?.text ?? ""),
      }));
    },
  });

export const mineQuery = (dataset: DatasetRef, record: AppRecord) =>
  queryOptions({
    queryKey: ["mine", dataset.workspace, dataset.name, record.id],
    queryFn: () => findMine(dataset, record.id, contentOf(record)),
  });

/** Somebody who can be asked, and what they are in the workspace. */
export interface Askable {
  readonly username: string;
  readonly role: "annotator" | "reviewer" | "manager";
}

/** People who can be asked about a record: those who lead the workspace, and for those who may know them all its members. */
export const askableQuery = (workspace: string, everybody: boolean) =>
  queryOptions({
    queryKey: ["askable", workspace, everybody],
    queryFn: async (): Promise<Askable[]> => {
      const params = { path: { name: workspace } };
      if (!everybody) return (await ask(client.GET("/api/workspaces/{name}/leaders", { params }))).leaders;
      const { members } = await ask(client.GET("/api/workspaces/{name}/members", { params }));
      return members.map(({ username, role, global_role }) => ({ username, role: global_role === "admin" ? "manager" : role }));
    },
    staleTime: 5 * 60_000,
  });

/** Does somebody see everybody's answers, and the resolved value of a record instead of their own? */
export function leads(me: Me, workspace: string, createdBy: string | null | undefined): boolean {
  return (
    me.role === "admin" ||
    createdBy === me.username ||
    me.memberships.some((each) => each.workspace === workspace && each.role !== "annotator")
  );
}

/** The record one answered or skipped last and has not taken back since, on any device. */
export async function lastDone(dataset: DatasetRef): Promise<{ id: string; skipped: boolean } | null> {
  const me = await ask(client.GET("/api/me"));
  const params = { path: { name: dataset.name }, query: { workspace: dataset.workspace, limit: 50 } };
  const { events } = await ask(client.GET("/api/datasets/{name}/events", { params }));
  const back = new Set<unknown>();
  const taken = new Set<unknown>();
  for (const { who, what, record } of events) {
    if (who !== me.username || typeof record !== "string") continue;
    if (what === "took_back") back.add(record);
    else if (what === "took_skip_back") taken.add(record);
    else if (what === "skipped" && !taken.delete(record)) return { id: record, skipped: true };
    else if ((what === "submitted" || what === "discarded") && !back.has(record)) return { id: record, skipped: false };
  }
  return null;
}
