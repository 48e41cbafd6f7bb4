/** The desk of one dataset: lays records down with what was kept of them, sends answers, keeps drafts. */

import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from "react";

import { contentOf } from "@/api/annotations";
import { progressKey } from "@/api/datasets";
import { findRecord } from "@/api/records";
import { draftStore } from "@/core/browser-store";
import { Desk, type Held } from "@/core/desk";
import { type Answer, type AppRecord, type DatasetRef, sameAnswer } from "@/core/model";
import { keyOf, type Outbox } from "@/core/outbox";
import { useOutbox, useOutboxState } from "@/features/shell/outbox";

const DRAFT_MS = 400;

export interface Workplace {
  readonly desk: Desk;
  /** Lays records down, with drafts and answers that wait to be sent. */
  readonly layDown: (records: readonly AppRecord[]) => Promise<void>;
}

export function useWorkplace(dataset: DatasetRef): Workplace {
  const outbox = useOutbox();
  const cache = useQueryClient();
  const { savedAt, problems } = useOutboxState();

  const workplace = useMemo(() => {
    const keeper = new DraftKeeper(outbox.user, dataset);
    const desk = new Desk((before, after) => {
      if (sameAnswer(before.saved, after.saved)) {
        keeper.keep(after);
        return;
      }
      keeper.forget(after.record.id);
      void outbox.post({
        dataset,
        id: after.record.id,
        answer: after.saved,
        content: contentOf(after.record),
        seen: after.record.seen,
      });
    });
    return { desk, layDown: async (records: readonly AppRecord[]) => { desk.hold(records, await known(outbox, dataset, records)); } };
  }, [dataset, outbox]);

  // what was saved changes the counts; asked for again when there is a pause
  useEffect(() => {
    if (savedAt === null) return undefined;
    const timer = setTimeout(() => void cache.invalidateQueries({ queryKey: progressKey(dataset) }), 600);
    return () => { clearTimeout(timer); };
  }, [savedAt, cache, dataset]);

  // when somebody gives an answer up, the desk shows what the server has instead
  const before = useRef<readonly string[]>([]);
  useEffect(() => {
    const now = problems.map((each) => each.letter.id);
    for (const id of before.current.filter((each) => !now.includes(each))) {
      if (outbox.waitingFor(dataset, id)) continue;
      void findRecord(dataset, id).then((record) => {
        if (record) workplace.desk.replace(record);
      });
    }
    before.current = now;
  }, [problems, dataset, outbox, workplace]);

  return workplace;
}

async function known(outbox: Outbox, dataset: DatasetRef, records: readonly AppRecord[]) {
  const found = new Map<string, { now: Answer; saved: Answer }>();
  const byKey = new Map(records.map((each) => [keyOf(outbox.user, dataset, each.id), each]));
  for (const record of byKey.values()) {
    const waiting = outbox.waitingFor(dataset, record.id);
    if (waiting) found.set(record.id, { now: waiting.answer, saved: waiting.answer });
  }
  for (const draft of await draftStore.get([...byKey.keys()])) {
    const record = byKey.get(draft.key);
    if (!record || draft.content !== contentOf(record)) continue; // was made on another text
    found.set(record.id, { now: draft.answer, saved: found.get(record.id)?.saved ?? record.answer });
  }
  return found;
}

/** Drafts stay in this browser: in a shared dataset a draft of mine must not take the place of what others see. */
class DraftKeeper {
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    private readonly user: string,
    private readonly dataset: DatasetRef,
  ) {}

  keep(held: Held): void {
    const { id } = held.record;
    clearTimeout(this.timers.get(id));
    if (sameAnswer(held.now, held.saved)) {
      this.forget(id);
      return;
    }
    const draft = { key: keyOf(this.user, this.dataset, id), answer: held.now, content: contentOf(held.record), at: Date.now() };
    this.timers.set(id, setTimeout(() => void draftStore.put(draft), DRAFT_MS));
  }

  forget(id: string): void {
    clearTimeout(this.timers.get(id));
    void draftStore.remove(keyOf(this.user, this.dataset, id));
  }
}

/** One record as it lies on the desk; draws again only when it changes. */
export function useHeld(desk: Desk, id: string): Held | undefined {
  return useSyncExternalStore(
    useCallback((listener: () => void) => desk.watch(id, listener), [desk, id]),
    () => desk.get(id),
  );
}

/** Grows whenever anything on the desk changes. */
export function useEdition(desk: Desk): number {
  return useSyncExternalStore(
    useCallback((listener: () => void) => desk.watchAll(listener), [desk]),
    () => desk.edition(),
  );
}
