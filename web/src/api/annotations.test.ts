import { afterEach, expect, it, vi } from "vitest";

import type { Answer } from "@/core/model";
import type { PendingAnswer } from "@/core/outbox";

// what a browser has and Node lacks, when the client is loaded: a page, to which addresses are relative
vi.stubGlobal("document", { baseURI: "http://localhost/" });
vi.stubGlobal("Request", class extends Request {
  constructor(address: string, options?: RequestInit) {
    super(new URL(address, "http://localhost/"), options);
  }
});
const { sendAnswer } = await import("./annotations");
const { pageIsOf } = await import("./client");

const TEXT = "😀 Ada";
const answer: Answer = { value: { labels: ["good"] }, state: "submitted" };
const pending: PendingAnswer = {
  key: "k",
  user: "ana",
  dataset: { workspace: "team", name: "own", task: "TextClassification", individual: { uuid: "u1" } },
  id: "1",
  answer,
  content: JSON.stringify([[["text", TEXT]], []]),
  seen: "v3",
  at: Date.now(),
  token: "lease",
  seconds: 4.2,
};
const value = (label: string) => ({ labels: [{ class: label, score: 1 }] });

/** Answers requests one after the other, and keeps what was sent. */
function server(...replies: [number, unknown][]) {
  const sent: { method: string; url: string; body: unknown; page: string | null }[] = [];
  vi.stubGlobal("fetch", async (request: Request) => {
    const body = await request.text();
    sent.push({ method: request.method, url: request.url, page: request.headers.get("X-Apportion"), body: body ? (JSON.parse(body) as unknown) : null });
    const [status, reply] = replies.shift() ?? [500, {}];
    return new Response(JSON.stringify(reply), { status, headers: { "Content-Type": "application/json" } });
  });
  return sent;
}

const refusal = (name: string, params: unknown) => ({ detail: { code: `argilla.api.errors::${name}`, params } });

afterEach(() => { vi.unstubAllGlobals(); });

it("sends one's own answer with version, lease, seconds and the dataset that is meant", async () => {
  const sent = server([200, { value: value("good"), state: "submitted", version: 4, counted: true }]);
  expect(await sendAnswer(pending)).toMatchObject({ kind: "saved", seen: "v4" });
  expect(sent[0]).toMatchObject({ method: "PUT", body: { version: 3, token: "lease", seconds: 4.2, dataset: "u1", state: "submitted", value: { labels: [{ class: "good" }] } } });
});

it("sends an answer as who gave it, whoever the page is of by now, and keeps it where somebody else has signed in", async () => {
  const shared = { ...pending, dataset: { workspace: "team", name: "one", task: "TextClassification" as const } };
  const sent = server([200, { value: value("good"), state: "submitted", version: 4, counted: true }], [401, refusal("SessionChangedError", {})]);
  pageIsOf("ben");
  await sendAnswer(pending);
  expect(sent[0]?.page).toBe("ana");
  expect(await sendAnswer(shared)).toEqual({ kind: "signed-out" });
});

it("tells why an answer does not count, and not so of a draft", async () => {
  const reply = { value: value("good"), state: "submitted", version: 4, counted: false, why: "all_given" };
  server([200, reply], [200, { ...reply, state: "draft" }]);
  expect(await sendAnswer(pending)).toMatchObject({ note: { why: "all_given" } });
  expect(await sendAnswer(pending)).toMatchObject({ note: { why: null } });
});

it("shows what another device saved, but takes its own answer for saved when only the receipt was lost", async () => {
  const stale = (label: string) => refusal("StaleVersionError", { sent: 3, current: { value: value(label), state: "submitted", version: 5 } });
  server([409, stale("bad")], [409, stale("good")]);
  expect(await sendAnswer(pending)).toMatchObject({ kind: "conflict", reason: "elsewhere", seen: "v5", current: { value: { labels: ["bad"] } } });
  expect(await sendAnswer(pending)).toMatchObject({ kind: "saved", seen: "v5" });
});

it("takes an earlier answer of this browser that has arrived late for its own, and no other", async () => {
  const stale = (label: string, version: number) => refusal("StaleVersionError", { sent: 3, current: { value: value(label), state: "draft", version } });
  const draft = (label: string): Answer => ({ value: { labels: [label] }, state: "draft" });
  const later = { ...pending, sent: [draft("fair"), draft("bad")] };
  const puts = server([409, stale("fair", 5)], [409, stale("bad", 6)], [200, { value: value("good"), state: "submitted", version: 7 }], [409, stale("other", 8)]);
  expect(await sendAnswer(later)).toMatchObject({ kind: "saved", seen: "v7" });
  expect(puts).toMatchObject([{ body: { version: 3 } }, { body: { version: 5 } }, { body: { version: 6 } }]);
  expect(await sendAnswer(later)).toMatchObject({ kind: "conflict", reason: "elsewhere", seen: "v8" });
});

it("keeps answers to a dataset that is gone", async () => {
  server([410, refusal("DatasetGoneError", {})]);
  expect(await sendAnswer(pending)).toEqual({ kind: "gone" });
});

it("takes an answer back by deleting it", async () => {
  const sent = server([200, { value: null, state: "none", version: 4 }]);
  await sendAnswer({ ...pending, answer: { value: {}, state: "none" } });
  expect(sent[0]?.method).toBe("DELETE");
  expect(sent[0]?.url).toContain("version=3");
});

it("looks first where it knows no version, and overwrites only what was seen", async () => {
  const seen = JSON.stringify(["Validated", "ana", ["old"], [], []]);
  const mine = (label: string) => ({ value: value(label), state: "submitted", version: 7 });
  const sent = server([200, mine("old")], [200, { ...mine("good"), version: 8, counted: true }], [200, mine("newer")]);
  expect(await sendAnswer({ ...pending, seen })).toMatchObject({ kind: "saved", seen: "v8" });
  expect(sent[1]).toMatchObject({ body: { version: 7 } });
  expect(await sendAnswer({ ...pending, seen })).toMatchObject({ kind: "conflict", reason: "elsewhere" });
});

it("adds what was spent before this visit to its seconds, after one look", async () => {
  const mine = { value: value("good"), state: "submitted", version: 3, seconds: 60 };
  const sent = server([200, mine], [200, { ...mine, version: 4 }], [200, { ...mine, version: 5 }]);
  await sendAnswer({ ...pending, visit: "second" });
  await sendAnswer({ ...pending, visit: "second", seen: "v4", seconds: 9 });
  expect(sent.map((each) => each.method)).toEqual(["GET", "PUT", "PUT"]);
  expect(sent.slice(1)).toMatchObject([{ body: { seconds: 64.2 } }, { body: { seconds: 69 } }]);
});

it("sends the seconds of a shared dataset, too, once nobody else has answered", async () => {
  const dataset = { workspace: "team", name: "ours", task: "TextClassification" } as const;
  const record = { id: "1", inputs: { text: TEXT }, status: "Default", annotation: null, multi_label: false };
  const { content, fingerprint } = await sharedParts(record);
  const own = { ...pending, dataset, content, seen: fingerprint };
  const reply = { value: value("good"), state: "submitted", version: 1 };
  let sent = server([200, record], [200, reply]);
  expect(await sendAnswer({ ...own, visit: "one look is enough" })).toMatchObject({ kind: "saved" });
  expect(sent[1]).toMatchObject({ method: "PUT", body: { version: 0, seconds: 4.2, state: "submitted", dataset: null } });

  const stale = refusal("StaleVersionError", { sent: 0, current: { value: null, state: "none", version: 2 } });
  sent = server([200, record], [409, stale], [200, record], [200, { value: null, state: "none", version: 2, seconds: 30 }], [200, reply]);
  expect(await sendAnswer({ ...own, visit: "it had been answered and cleared" })).toMatchObject({ kind: "saved" });
  expect(sent[4]).toMatchObject({ method: "PUT", body: { version: 2, seconds: 34.2 } });

  const answered = { ...record, status: "Validated", annotation: { agent: "ben", labels: [{ class: "bad", score: 1 }] } };
  server([200, record], [409, stale], [200, answered]);
  expect(await sendAnswer({ ...own, visit: "somebody was faster" })).toMatchObject({ kind: "conflict", reason: "answered", author: "ben" });
});

it("sends the text that spans lie on, so that the server refuses them on another", async () => {
  const dataset = { workspace: "team", name: "own", task: "TokenClassification", individual: { uuid: "u1" } } as const;
  const spans = { ...pending, dataset, answer: { value: { spans: [{ start: 0, end: 2, label: "PER" }] }, state: "submitted" } } as const;
  const sent = server([409, refusal("OtherContentError", { ids: ["1"] })]);
  expect(await sendAnswer(spans)).toMatchObject({ kind: "conflict", reason: "changed" });
  expect(sent).toMatchObject([{ method: "PUT", body: { text: TEXT } }]);
});

it("takes its own late answer in a shared dataset for its own, too", async () => {
  const dataset = { workspace: "team", name: "ours", task: "TextClassification" } as const;
  const record = { id: "1", inputs: { text: TEXT }, status: "Default", annotation: null, multi_label: false };
  const { content, fingerprint } = await sharedParts(record);
  const there = { ...record, status: "Validated", annotation: { agent: "ana", labels: [{ class: "fair", score: 1 }] } };
  const late = { ...pending, dataset, content, seen: fingerprint, sent: [{ value: { labels: ["fair"] }, state: "submitted" as const }] };
  const own = { value: value("fair"), state: "submitted", version: 1, seconds: 2 };
  const sent = server([200, there], [200, own], [200, { ...own, version: 2 }], [200, { ...there, annotation: { ...there.annotation, agent: "ben" } }]);
  expect(await sendAnswer(late)).toMatchObject({ kind: "saved" });
  expect(sent[2]).toMatchObject({ method: "PUT", body: { version: 1 } });
  expect(await sendAnswer(late)).toMatchObject({ kind: "conflict", reason: "answered", author: "ben" });
});

async function sharedParts(record: object) {
  const { contentOf } = await import("@/core/model");
  const { fingerprint, readRecord } = await import("@/core/wire");
  return { content: contentOf(readRecord(record as never, "TextClassification")), fingerprint: fingerprint(record as never) };
}
