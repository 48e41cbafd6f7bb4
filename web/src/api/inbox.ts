/** Comments that are for me, and what was decided about my answers, in all datasets. */

import { queryOptions } from "@tanstack/react-query";

import { ask, client } from "./client";
import type { components } from "./schema";

export type InboxComment = components["schemas"]["InboxCommentOut"];
export type Feedback = components["schemas"]["DatasetFeedbackOut"];

export const inboxQuery = queryOptions({
  queryKey: ["inbox"],
  queryFn: async () => (await ask(client.GET("/api/comments", { params: { query: { limit: 100 } } }))).comments,
  staleTime: 5_000,
});

export async function markDone(no: number, done: boolean): Promise<void> {
  await ask(client.POST("/api/comments/{no}:done", { params: { path: { no } }, body: { done } }));
}

/** Answers who wrote the comment, which is dealt with by that. */
export async function reply({ no, workspace, dataset, record, author }: InboxComment, text: string): Promise<void> {
  const params = { path: { name: dataset, id: record }, query: { workspace } };
  await ask(client.POST("/api/datasets/{name}/records/{id}/comments", { params, body: { text, to: author } }));
  await markDone(no, true);
}

export const feedbackQuery = queryOptions({
  queryKey: ["feedback"],
  queryFn: async () => (await ask(client.GET("/api/me/feedback"))).datasets,
  staleTime: 10_000,
});

export async function askAgain({ workspace, name }: { workspace: string; name: string }, id: string, annotator: string, reason: string): Promise<void> {
  const params = { path: { name, id, annotator }, query: { workspace } };
  await ask(client.POST("/api/datasets/{name}/records/{id}/annotations/{annotator}:ask_again", { params, body: { reason } }));
}

/** Takes such a request back, as long as nobody has begun to answer it. */
export async function undoAskAgain({ workspace, name }: { workspace: string; name: string }, id: string, annotator: string): Promise<void> {
  const params = { path: { name, id, annotator }, query: { workspace } };
  await ask(client.POST("/api/datasets/{name}/records/{id}/annotations/{annotator}:ask_again", { params, body: { undo: true } }));
}
