/** The edits of one dataset: lays records down with what was kept of them, sends answers, keeps drafts. */

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useEffectEvent, useMemo, useRef, useSyncExternalStore } from "react";

import { findMine, undoMine } from "@/api/annotations";
import { progressKey } from "@/api/datasets";
import { findRecord } from "@/api/records";
import { useOutbox, useOutboxPart } from "@/app/outbox-provider";
import { draftStore } from "@/core/browser-store";
import { EditSession, type RecordEdit } from "@/core/edit-session";
import { type Answer, type AppRecord, contentOf, type DatasetRef, sameAnswer } from "@/core/model";
import { keyOf, type Outbox, seenVersion } from "@/core/outbox";
import { Stopwatch } from "@/core/stopwatch";

import { DraftKeeper, rejectedOf } from "./drafts";

/** Circumstances of reading records: the mark at which it began, and whether they come with my own annotations. */
export interface Reading {
  readonly since?: number;
  readonly asMine?: boolean;
}

export interface AnnotationSession {
  readonly edits: EditSession;
  /** Lays records down, with drafts and answers that wait to be sent. */
  readonly load: (records: readonly AppRecord[], read?: Reading) => Promise<void>;
  /** Marks the moment at which reading begins. */
  readonly mark: () => number;
  readonly stopwatch: Stopwatch;
  /** Tokens of what is leased to me. */
  readonly tokens: Map<string, string>;
  /** Takes the last answer to a record back on the server; the edits shows what there was before. */
  readonly undoSaved: (id: string) => Promise<void>;
}

/** A pause after the last answer, before what it changes is asked for. */
const PAUSE_MS = 600;

/**
 * `leading`: searches show the resolved value instead of one's own annotation. `recountMs`: so long at least lies between
 * two looks at the counts, which every answer changes.
 */
export function useAnnotationSession(dataset: DatasetRef, leading: boolean, recountMs: number): AnnotationSession {
  const outbox = useOutbox();
  const savedAt = useOutboxPart("savedAt");
  const problems = useOutboxPart("problems");

  const { session, keeper, mine } = useMemo(() => {
    const stopwatch = new Stopwatch();
    const tokens = new Map<string, string>();
    const post = ({ record }: RecordEdit, answer: Answer) => {
      const { id, seen } = record;
      const token = tokens.get(id) ?? null;
      return outbox.post({ dataset, id, answer, content: contentOf(record), seen, token, seconds: stopwatch.secondsOf(id), visit: stopwatch.visit });
    };
    const keeper = new DraftKeeper(outbox.user, dataset, {
      send: (edit) => post(edit, edit.now),
      onUnsaved: (count) => { outbox.noteUnsaved(count); },
    });
    const edits = new EditSession((before, after) => {
      if (sameAnswer(before.saved, after.saved)) {
        keeper.keep(after);
        return;
      }
      // kept by the outbox before the draft is forgotten: the page may go in between
      void post(after, dataset.individual ? after.now : after.saved);
      keeper.forget(after.record.id);
    });
    const mine = (records: readonly AppRecord[]) => (dataset.individual && leading ? Promise.all(records.map((each) => own(dataset, each))) : Promise.resolve(records));
    const session: AnnotationSession = {
      edits,
      stopwatch,
      tokens,
      mark: () => outbox.mark(),
      load: async (found, { since = Infinity, asMine = false } = {}) => {
        const records = asMine ? found : await mine(found);
        const answers = await known(outbox, dataset, records, edits);
        for (const { id } of records) {
          const change = outbox.changedSince(since, dataset, id);
          if (!change) continue;
          // it may have been read before its answer arrived, of an earlier visit, too
          const edit = edits.get(id) ?? (change.answer && !answers.has(id) ? { now: change.answer, saved: change.answer } : null);
          if (edit) answers.set(id, { now: edit.now, saved: edit.saved });
        }
        const recovered = recover(records, answers, edits, keeper);
        edits.hold(records, answers);
        for (const edit of recovered.map((id) => edits.get(id))) if (edit) keeper.keep(edit);
      },
      undoSaved: async (id) => {
        const edit = edits.get(id);
        if (!edit) return;
        const release = outbox.holdBack(dataset, id); // whoever is fast answers anew before the reply is there
        try {
          const { answer, version } = await undoMine(dataset, id, contentOf(edit.record));
          outbox.noteSeen(dataset, id, seenVersion(version));
          edits.rebase(edit, { ...edit.record, answer, seen: seenVersion(version) });
        } finally {
          release();
        }
        const after = edits.get(id);
        if (after && !sameAnswer(after.now, after.saved)) keeper.keep(after);
      },
    };
    return { session, keeper, mine };
  }, [dataset, outbox, leading]);

  // what is put off is done before the page may close
  useEffect(() => {
    const { stopwatch } = session;
    const change = () => {
      if (document.visibilityState === "hidden") {
        keeper.flush();
        stopwatch.pause();
      } else stopwatch.resume();
    };
    const leave = () => { keeper.flush(); };
    document.addEventListener("visibilitychange", change);
    window.addEventListener("pagehide", leave);
    window.addEventListener("blur", leave);
    return () => {
      keeper.flush();
      document.removeEventListener("visibilitychange", change);
      window.removeEventListener("pagehide", leave);
      window.removeEventListener("blur", leave);
    };
  }, [keeper, session]);

  useRecount(dataset, savedAt, recountMs);

  // when somebody gives an answer up, the edits shows what the server has instead
  const before = useRef<readonly string[]>([]);
  useEffect(() => {
    const now = problems.map((each) => each.pending.id);
    for (const id of before.current.filter((each) => !now.includes(each))) {
      if (outbox.waitingFor(dataset, id)) continue;
      void findRecord(dataset, id).then(async (record) => {
        for (const each of record ? await mine([record]) : []) session.edits.replace(each);
      });
    }
    before.current = now;
  }, [problems, dataset, outbox, session, mine]);

  return session;
}

/** Refetches the counts, which every saved answer changes: asked for again in a pause, not with every answer of whoever is fast. */
function useRecount(dataset: DatasetRef, savedAt: number | null, recountMs: number): void {
  const cache = useQueryClient();
  const last = useRef(0);
  const waits = useRef(false);
  const recount = useEffectEvent(() => {
    last.current = Date.now();
    waits.current = false;
    void cache.invalidateQueries({ queryKey: progressKey(dataset) });
    if (dataset.individual) for (const key of ["work", "mine", "history", "resolutions"]) void cache.invalidateQueries({ queryKey: [key] });
  });
  useEffect(() => {
    if (savedAt === null) return undefined;
    waits.current = true;
    const timer = setTimeout(() => { recount(); }, Math.max(PAUSE_MS, last.current + recountMs - Date.now()));
    return () => { clearTimeout(timer); };
  }, [savedAt, recountMs]);
  // the next page shows what is so
  useEffect(() => () => { if (waits.current) recount(); }, []);
}

/** The record with one's own annotation in place of what it stands by. */
async function own(dataset: DatasetRef, record: AppRecord): Promise<AppRecord> {
  const { answer, version } = await findMine(dataset, record.id, contentOf(record));
  return { ...record, answer, author: null, seen: seenVersion(version) };
}

async function known(outbox: Outbox, dataset: DatasetRef, records: readonly AppRecord[], edits: EditSession) {
  const found = new Map<string, { now: Answer; saved: Answer }>();
  const byKey = new Map(records.map((each) => [keyOf(outbox.user, dataset, each.id), each]));
  for (const [id, rejected] of dataset.individual ? await rejectedOf(byKey) : []) {
    const edit = edits.get(id);
    const record = records.find((each) => each.id === id);
    if (!record || (edit && !sameAnswer(edit.now, edit.saved))) continue; // what is being worked on stays
    const answer = { ...record.answer, value: { ...record.answer.value, rejected } };
    found.set(id, { now: answer, saved: answer });
  }
  for (const record of byKey.values()) {
    const waiting = outbox.waitingFor(dataset, record.id);
    if (!waiting) continue;
    const open = waiting.answer.state === "draft";
    found.set(record.id, { now: waiting.answer, saved: open ? record.answer : waiting.answer });
  }
  for (const draft of await draftStore.get([...byKey.keys()])) {
    const record = byKey.get(draft.key);
    if (!record || draft.content !== contentOf(record)) continue; // was made on another text
    found.set(record.id, { now: draft.answer, saved: found.get(record.id)?.saved ?? record.answer });
  }
  return found;
}

/** Adds what an earlier visit had no time to save; returns the records of it. */
function recover(records: readonly AppRecord[], answers: Map<string, { now: Answer; saved: Answer }>, edits: EditSession, keeper: DraftKeeper): string[] {
  return records.flatMap((record) => {
    const edit = edits.get(record.id);
    if (edit && !sameAnswer(edit.now, edit.saved)) return []; // it is being worked on
    const now = keeper.recovered(record);
    if (!now) return [];
    answers.set(record.id, { now, saved: answers.get(record.id)?.saved ?? record.answer });
    return [record.id];
  });
}

/** One record as it lies on the edits; draws again only when it changes. */
export function useRecordEdit(edits: EditSession, id: string): RecordEdit | undefined {
  return useSyncExternalStore(
    useCallback((listener: () => void) => edits.subscribe(id, listener), [edits, id]),
    () => edits.get(id),
  );
}

/** Grows whenever anything on the edits changes. */
export function useEdition(edits: EditSession): number {
  return useSyncExternalStore(
    useCallback((listener: () => void) => edits.subscribeAll(listener), [edits]),
    () => edits.edition(),
  );
}
