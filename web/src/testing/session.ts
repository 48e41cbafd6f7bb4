/** An annotation session without a server: edits, an outbox that keeps all in memory, and what was sent. */

import { EditSession } from "@/core/edit-session";
import type { AppRecord, DatasetRef } from "@/core/model";
import { Outbox, type Outcome, type PendingAnswer, type PendingAnswerStore } from "@/core/outbox";
import { Stopwatch } from "@/core/stopwatch";

import { recordOf } from "./records";

export function memoryStore(): PendingAnswerStore {
  const kept = new Map<string, PendingAnswer>();
  return {
    all: () => Promise.resolve([...kept.values()]),
    put: (pending) => Promise.resolve(void kept.set(pending.key, pending)),
    remove: (key) => Promise.resolve(void kept.delete(key)),
  };
}

/** An outbox of Ana's; `send` decides what each answer meets. */
export function outboxOf(send: (pending: PendingAnswer) => Promise<Outcome> = () => Promise.resolve({ kind: "saved", seen: "" })): Outbox {
  return new Outbox("ana", memoryStore(), send);
}

export function sessionOf(records: readonly AppRecord[] = []) {
  const edits = new EditSession(() => undefined);
  edits.hold(records);
  return {
    edits,
    mark: () => 0,
    load: (found: readonly AppRecord[]) => Promise.resolve(edits.hold(found)),
    stopwatch: new Stopwatch(),
    tokens: new Map<string, string>(),
    undoSaved: () => Promise.resolve(),
  };
}

/** Records with the numbers from `from` to before `to` as their ids. */
export function recordsOf(from: number, to: number, part: Partial<AppRecord> = {}): AppRecord[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => recordOf({ ...part, id: String(from + at) }));
}

/** A search over so many records, as the server answers it page by page. */
export function searchOver(records: () => readonly AppRecord[]) {
  return (_dataset: DatasetRef, _body: unknown, { limit, from }: { limit: number; from: number }) => {
    const all = records();
    return Promise.resolve({ total: all.length, records: all.slice(from, from + limit) });
  };
}
