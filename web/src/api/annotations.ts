/**
 * Saving one's answers. Screens and outbox know only `sendLetter`; how an answer gets into a dataset is decided
 * here. A shared dataset has one annotation per record: it is written as clients of 1.x do, with the record
 * around it, after a look that nobody else has answered in the meantime.
 */

import { parseToEcho } from "@/core/exact-json";
import type { Letter, Outcome } from "@/core/outbox";
import { fingerprint, readRecord, STATUS, type WireRecord, writeValue } from "@/core/wire";
import { isEmpty, type AppRecord } from "@/core/model";

import { ApiError, ask, client, OfflineError } from "./client";

/** What the server adds to a record, and what a shared dataset has only one of. */
const NOT_LOGGED = ["metrics", "search_keywords", "last_updated", "annotations"];

/** Sends an answer; never throws, since whatever happens has to be told and nothing may get lost. */
export async function sendLetter(letter: Letter): Promise<Outcome> {
  try {
    return await sendShared(letter);
  } catch (failure) {
    if (failure instanceof OfflineError) return { kind: "offline" };
    if (failure instanceof ApiError) {
      if (failure.status === 401) return { kind: "signed-out" };
      if ([429, 502, 503, 504].includes(failure.status)) return { kind: "offline" };
      return { kind: "refused", message: failure.message };
    }
    return { kind: "refused", message: failure instanceof Error ? failure.message : String(failure) };
  }
}

async function sendShared(letter: Letter): Promise<Outcome> {
  const { dataset, id, answer } = letter;
  const query = { workspace: dataset.workspace };
  const text = await ask(
    client.GET("/api/datasets/{name}/records/{id}", {
      params: { path: { name: dataset.name, id }, query },
      parseAs: "text",
    }),
  );
  const current = parseToEcho(String(text)) as WireRecord & Record<string, unknown>;
  const given = {
    ...writeValue(answer.value, dataset.task, current.text ?? ""),
    agent: letter.user,
  };
  const next: WireRecord = {
    ...current,
    id,
    annotation: isEmpty(answer.value) && answer.state !== "submitted" ? null : given,
    status: STATUS[answer.state],
  };
  const author = current.annotation?.agent ?? null;
  const target = fingerprint(next);
  if (contentOf(readRecord(current, dataset.task)) !== letter.content) {
    return { kind: "conflict", reason: "changed", author, seen: fingerprint(current) };
  }
  if (fingerprint(current) === target) return { kind: "saved", seen: target };
  if (fingerprint(current) !== letter.seen) {
    return { kind: "conflict", reason: "answered", author, seen: fingerprint(current) };
  }
  const record = Object.fromEntries(Object.entries(next).filter(([name]) => !NOT_LOGGED.includes(name)));
  await ask(
    client.POST("/api/datasets/{name}/{task}:bulk", {
      params: { path: { name: dataset.name, task: dataset.task }, query },
      body: { records: [record] } as never,
    }),
  );
  return { kind: "saved", seen: target };
}

/** The texts an answer refers to. */
export function contentOf(record: AppRecord): string {
  return JSON.stringify([record.fields.map((each) => [each.name, each.text]), record.tokens.map((each) => each.start)]);
}
