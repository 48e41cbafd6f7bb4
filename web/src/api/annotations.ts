/**
 * Saving one's answers. Screens and outbox know only `sendAnswer`; how an answer gets into a dataset is decided
 * here. A shared dataset has one annotation per record: it is written after a look that nobody else has answered
 * in the meantime, and cleared as clients of 1.x do, with the record around it, whoever gave it. In an individual
 * dataset one writes one's own, and names the version it builds on. The time spent goes along in both.
 */

import { parseToEcho } from "@/core/exact-json";
import { type Answer, contentOf, type DatasetRef, type Gold, isEmpty, sameAnswer } from "@/core/model";
import { type PendingAnswer, type Outcome, seenVersion, versionSeen } from "@/core/outbox";
import { fingerprint, fingerprintOf, readOwn, readRecord, STATUS, writeValue } from "@/core/wire";

import { ApiError, ask, asPageOf, client, OfflineError } from "./client";
import type { components } from "./schema";
import type { WireRecord } from "./shapes";

type Own = components["schemas"]["AnnotationOut"];

/** Members that the server adds to a record, and those a shared dataset has only one of. */
const NOT_LOGGED = ["metrics", "search_keywords", "last_updated", "annotations"];
/** After so long a pending answer's text is compared with the record's once more. */
const OLD_MS = 60_000;
/** Seconds spent on records before a visit of the page, as the server knew them when it began. */
const earlier = new Map<string, number>();

/** Sends an answer; never throws, since whatever happens has to be told and nothing may get lost. */
export async function sendAnswer(pending: PendingAnswer): Promise<Outcome> {
  try {
    return await (pending.dataset.individual ? sendOwn(pending) : sendShared(pending));
  } catch (failure) {
    if (failure instanceof OfflineError) return { kind: "offline" };
    if (failure instanceof ApiError) {
      if (failure.status === 401) return { kind: "signed-out" };
      if (failure.status === 410) return { kind: "gone" };
      if ([429, 502, 503, 504].includes(failure.status)) return { kind: "offline" };
      return { kind: "refused", message: failure.message };
    }
    return { kind: "refused", message: failure instanceof Error ? failure.message : String(failure) };
  }
}

async function sendShared(pending: PendingAnswer, look: "first" | "again" = "first"): Promise<Outcome> {
  const { dataset, id, answer } = pending;
  const current = await readNow(dataset, id);
  const given = {
    ...writeValue(answer.value, dataset.task, current.text ?? ""),
    agent: pending.user,
  };
  const next: WireRecord = {
    ...current,
    id,
    annotation: isEmpty(answer.value) && answer.state !== "submitted" ? null : given,
    status: STATUS[answer.state],
  };
  const author = current.annotation?.agent ?? null;
  const target = fingerprint(next);
  if (contentOf(readRecord(current, dataset.task)) !== pending.content) {
    return { kind: "conflict", reason: "changed", author, seen: fingerprint(current) };
  }
  if (fingerprint(current) === target) return { kind: "saved", seen: target };
  const mine = author === pending.user && wasSent(pending, readRecord(current, dataset.task).answer);
  if (fingerprint(current) !== pending.seen && !mine) {
    return { kind: "conflict", reason: "answered", author, seen: fingerprint(current) };
  }
  if (answer.state !== "none") {
    // of a record that nobody has annotated there is most often no earlier version to ask for
    const fresh = look !== "again" && isNew(pending) && !current.annotation && current.status === "Default";
    const own = fresh ? null : await readMine(dataset, id);
    keepEarlier(pending, own);
    try {
      await write(pending, own?.version ?? 0, current.text ?? "");
    } catch (failure) {
      if (!(failure instanceof ApiError && failure.code === "StaleVersionError")) throw failure;
      if (fresh) {
        earlier.delete(visitOf(pending));
        return sendShared(pending, "again");
      }
      return { kind: "conflict", reason: "answered", author: pending.user, seen: fingerprint(await readNow(dataset, id)) };
    }
    return { kind: "saved", seen: target };
  }
  const record = Object.fromEntries(Object.entries(next).filter(([name]) => !NOT_LOGGED.includes(name)));
  await ask(
    client.POST("/api/datasets/{name}/{task}:bulk", {
      params: { path: { name: dataset.name, task: dataset.task }, query: { workspace: dataset.workspace } },
      headers: asPageOf(pending.user),
      body: { records: [record] } as components["schemas"]["TextClassificationBulk"], // of whichever task: it goes back as it came
    }),
  );
  return { kind: "saved", seen: target };
}

/** A record with everything it has, to send back as it came. */
async function readNow({ workspace, name }: DatasetRef, id: string) {
  const text = await ask(
    client.GET("/api/datasets/{name}/records/{id}", { params: { path: { name, id }, query: { workspace } }, parseAs: "text" }),
  );
  return parseToEcho(String(text)) as WireRecord & Record<string, unknown>;
}

async function sendOwn(pending: PendingAnswer): Promise<Outcome> {
  const { dataset, id, answer } = pending;
  const text = textOf(pending.content);
  if (await hasChanged(pending)) return changedSince(pending);
  let version = versionSeen(pending.seen);
  if (version === null) {
    // the record came from a search, which tells no versions: what it showed has to be what there still is
    const current = await readMine(dataset, id);
    const now = readOwn(current, dataset.task, text);
    if (sameAnswer(now, answer)) return saved(current, dataset, text);
    if (fingerprintOf(current, pending.user) !== pending.seen && !wasSent(pending, now)) return elsewhere(current, dataset, text);
    version = current.version;
    keepEarlier(pending, current);
  } else if (isNew(pending)) {
    keepEarlier(pending, version === 0 ? null : await readMine(dataset, id));
  }
  return writeOwn(pending, version, text);
}

/** Writes one's own annotation on top of a version, or of what this browser itself has sent before. */
async function writeOwn(pending: PendingAnswer, version: number, text: string): Promise<Outcome> {
  const { dataset, answer } = pending;
  try {
    return saved(await write(pending, version, text), dataset, text);
  } catch (failure) {
    if (failure instanceof ApiError && failure.code === "OtherContentError") return changedSince(pending);
    if (!(failure instanceof ApiError && failure.code === "StaleVersionError")) throw failure;
    const current = failure.params["current"] as Own;
    const now = readOwn(current, dataset.task, text);
    // what was sent has arrived already, only its receipt has not
    if (sameAnswer(now, answer)) return saved(current, dataset, text);
    // an earlier one has: each time the version is a later one, so this ends
    if (wasSent(pending, now)) return writeOwn(pending, current.version, text);
    return elsewhere(current, dataset, text);
  }
}

const wasSent = ({ sent = [] }: PendingAnswer, now: Answer) => sent.some((each) => sameAnswer(each, now));

const changedSince = ({ seen }: PendingAnswer): Outcome => ({ kind: "conflict", reason: "changed", author: null, seen });

function write(pending: PendingAnswer, version: number, text: string): Promise<Own> {
  const { dataset, id, answer, token = null } = pending;
  const seconds = secondsInAll(pending);
  const headers = asPageOf(pending.user);
  const params = { path: { name: dataset.name, id }, query: { workspace: dataset.workspace } };
  const path = "/api/datasets/{name}/records/{id}/annotations/me";
  if (answer.state === "none") {
    return ask(client.DELETE(path, { params: { ...params, query: { ...params.query, version } }, headers }));
  }
  const value = isEmpty(answer.value) && answer.state !== "submitted" ? null : writeValue(answer.value, dataset.task, text);
  const one = dataset.individual && hasOneText(pending.content) ? text : null;
  const body = { value, state: answer.state, version, seconds, token, dataset: dataset.individual?.uuid ?? null, text: one };
  return ask(client.PUT(path, { params, body, headers }));
}

/** True if this is the first answer to a record that is sent in a visit of the page. */
function isNew(pending: PendingAnswer): boolean {
  return Boolean(pending.visit) && !earlier.has(visitOf(pending));
}

function visitOf({ visit, dataset, id }: PendingAnswer): string {
  return JSON.stringify([visit, dataset.workspace, dataset.name, id]);
}

function keepEarlier(pending: PendingAnswer, own: Own | null): void {
  if (isNew(pending)) earlier.set(visitOf(pending), own?.seconds ?? 0);
}

/** The server wants all seconds so far; a pending answer knows those of its visit. */
function secondsInAll(pending: PendingAnswer): number | null {
  const { seconds = null } = pending;
  return seconds === null ? null : Math.round((seconds + (earlier.get(visitOf(pending)) ?? 0)) * 10) / 10;
}

/** Positions mean nothing on another text. The server compares one text itself; several that were just read are safe. */
async function hasChanged({ dataset, id, answer, content, at }: PendingAnswer): Promise<boolean> {
  if (answer.state === "none" || hasOneText(content) || Date.now() - at < OLD_MS) return false;
  try {
    return contentOf(readRecord(await readNow(dataset, id), dataset.task)) !== content;
  } catch (failure) {
    if (failure instanceof ApiError && failure.status === 404) return false; // no longer shown to me, but mine to answer
    throw failure;
  }
}

function saved(own: Own, dataset: DatasetRef, text: string): Outcome {
  const answered = own.state === "submitted" || own.state === "discarded";
  const note = { why: own.counted || !answered ? null : (own.why ?? null), gold: readGold(own, dataset, text) };
  return { kind: "saved", seen: seenVersion(own.version), note };
}

function elsewhere(own: Own, dataset: DatasetRef, text: string): Outcome {
  const current = readOwn(own, dataset.task, text);
  return { kind: "conflict", reason: "elsewhere", author: null, seen: seenVersion(own.version), current };
}

/** Somebody's own annotation with its version, and what the record stands by if a human has decided. */
export interface MyAnnotation {
  readonly answer: Answer;
  readonly version: number;
  readonly gold: Gold | null;
}

/** One's own annotation of a record with this content. */
export async function findMine(dataset: DatasetRef, id: string, content: string): Promise<MyAnnotation> {
  return mine(await readMine(dataset, id), dataset, textOf(content));
}

/** Back to one's previous answer, on the server, so that it works on any device. */
export async function undoMine(dataset: DatasetRef, id: string, content: string): Promise<MyAnnotation> {
  const params = { path: { name: dataset.name, id }, query: { workspace: dataset.workspace } };
  const own = await ask(client.POST("/api/datasets/{name}/records/{id}/annotations/me:undo", { params }));
  return mine(own, dataset, textOf(content));
}

function readMine({ workspace, name }: DatasetRef, id: string): Promise<Own> {
  const params = { path: { name, id }, query: { workspace } };
  return ask(client.GET("/api/datasets/{name}/records/{id}/annotations/me", { params }));
}

function mine(own: Own, dataset: DatasetRef, text: string): MyAnnotation {
  return { answer: readOwn(own, dataset.task, text), version: own.version, gold: readGold(own, dataset, text) };
}

function readGold(own: Own, dataset: DatasetRef, text: string): Gold | null {
  const { gold } = own;
  if (!gold) return null;
  return { ...readOwn(gold, dataset.task, text), author: gold.author ?? null, reason: gold.reason ?? null };
}

function textsOf(content: string): readonly (readonly [string, string])[] {
  return (JSON.parse(content) as [[string, string][]])[0];
}

const textOf = (content: string) => textsOf(content)[0]?.[1] ?? "";
const hasOneText = (content: string) => textsOf(content).length === 1;
