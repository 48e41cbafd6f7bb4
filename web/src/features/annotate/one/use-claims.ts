/** The queue of what I was assigned: claimed a few at a time, kept while I am at it, given back when I leave. */

import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";

import { ApiError } from "@/api/client";
import type { WhyEmpty } from "@/api/codes";
import { type Claim, claim, keepLeases, type Lease, type PassedTo, releaseLeases, skipRecord, takeSkipBack } from "@/api/queue";
import { useOutbox } from "@/app/outbox-provider";
import { sessionEnded } from "@/app/query-client";
import type { AppRecord, DatasetRef } from "@/core/model";
import { type View, whereOf } from "@/core/view";
import type { AnnotationSession } from "@/features/annotate/session/use-annotation-session";

import type { Queue } from "./use-queue";

/** So many are asked for at a time, and so many lie ahead before more are. */
const BATCH = 8;
const AHEAD = 6;
const MOST = 20;
const HEARTBEAT_MS = 60_000;
/** A page that was just left may give back what this one has claimed since; then it is claimed once more. */
const FIRST_HEARTBEAT_MS = 3_000;
const AGAIN_MS = 300;

export interface Claims extends Queue {
  /** Number of records left for me, those in front included. */
  readonly left: number;
  /** Number of records in front that are still open. */
  readonly passed: number;
  readonly why: WhyEmpty | null;
  /** Records whose lease went to somebody else while they lay here. */
  readonly lost: ReadonlySet<string>;
  readonly reasonOf: (id: string) => string | null;
  readonly skip: (id: string, reason: string | null) => Promise<PassedTo | "gone">;
  /** Takes back what was skipped after the last change to an answer; its id, or null where nothing was. */
  readonly undoSkip: () => Promise<string | null>;
  /** Leases a record that was skipped on an earlier visit again. */
  readonly takeBack: (id: string) => Promise<void>;
  /** Lays a record down in front that was here before. */
  readonly bring: (record: AppRecord) => Promise<void>;
}

interface State {
  readonly key: string;
  readonly ids: readonly string[];
  readonly queued: number;
  /** There was nothing new the last time, so the rest of the list comes first. */
  readonly exhausted: boolean;
  /** … and that was asked after the last record of it. */
  readonly complete: boolean;
  readonly why: WhyEmpty | null;
  readonly failure: Error | null;
  readonly lost: ReadonlySet<string>;
  /** Grows when the same has to be asked again. */
  readonly again: number;
}

const EMPTY: State = { key: "", ids: [], queued: 0, exhausted: false, complete: false, why: null, failure: null, lost: new Set(), again: 0 };

export function useClaims(dataset: DatasetRef, view: View, session: AnnotationSession, at: (ids: readonly string[]) => number): Claims {
  const { edits, tokens, load, mark } = session;
  const outbox = useOutbox();
  const [round, setRound] = useState(0);
  const where = whereOf(view);
  const key = JSON.stringify([dataset, where, round]);
  const [state, setState] = useState<State>(EMPTY);
  const current = state.key === key ? state : EMPTY;
  const asked = useRef("");
  /** The claim under way. */
  const claiming = useRef<{ readonly key: string } | null>(null);
  const skipped = useRef<{ id: string; steps: number }[]>([]);
  const skipping = useRef<Promise<unknown>>(Promise.resolve());
  const reasons = useRef(new Map<string, string | null>());
  const place = at(current.ids);
  const atEnd = place >= current.ids.length;
  const few = atEnd ? !current.complete : !current.exhausted && place > current.ids.length - AHEAD;
  const needed = state.key !== key || (few && !current.failure);

  const answered = useCallback((id: string) => isAnswered(edits.get(id)?.saved.state), [edits]);
  /** An answer that is on its way: the server still has its record as mine. */
  const onItsWay = useCallback(
    (id: string) => answered(id) && !outbox.state().problems.some((each) => each.pending.id === id),
    [answered, outbox],
  );

  const take = useCallback(
    (found: Claim) => {
      for (const { record, token, reason } of found.items) {
        if (token) tokens.set(record.id, token);
        reasons.current.set(record.id, reason);
      }
    },
    [tokens],
  );

  useEffect(() => {
    const seen = state.key === key ? state.ids : [];
    const request = `${key}#${String(seen.length)}#${String(state.key === key ? state.again : 0)}#${String(atEnd)}`;
    if (!needed || asked.current === request || claiming.current?.key === key) return undefined;
    asked.current = request;
    const asking = { key };
    claiming.current = asking;
    /** Returns whether nothing else was asked for meanwhile. */
    const ended = () => {
      if (claiming.current !== asking) return false;
      claiming.current = null;
      return true;
    };
    let since = 0;
    const open = seen.filter((id) => !answered(id) || outbox.waitingFor(dataset, id)).length;
    // what is on its way would come once more
    void outbox
      .idle()
      .then(() => {
        since = mark();
        return claim(dataset, { limit: Math.min(MOST, open + BATCH), where });
      })
      .then(async (found) => {
        take(found);
        const fresh = found.items.map((each) => each.record).filter((each) => !seen.includes(each.id));
        await load(fresh, { since, asMine: true });
        if (!ended()) return;
        const shown = fresh.filter((each) => !onItsWay(each.id));
        const waits = !shown.length && found.items.some((each) => onItsWay(each.record.id));
        setState((before) => ({
          key,
          ids: [...seen, ...shown.map((each) => each.id)],
          queued: found.left,
          exhausted: !shown.length && !waits,
          complete: !shown.length && !waits && atEnd,
          why: found.why,
          failure: null,
          lost: before.key === key ? before.lost : new Set(),
          again: before.key === key ? before.again : 0,
        }));
        if (waits) setTimeout(() => { setState((before) => ({ ...before, again: before.again + 1 })); }, AGAIN_MS);
      })
      .catch((failure: unknown) => {
        if (failure instanceof ApiError && failure.status === 401) sessionEnded();
        if (!ended()) return;
        const error = failure instanceof Error ? failure : new Error(String(failure));
        setState((before) => ({ ...(before.key === key ? before : EMPTY), key, failure: error }));
      });
    return undefined;
  }, [needed, atEnd, key, state, dataset, where, load, mark, onItsWay, outbox, answered, take]);

  const mine = useCallback((): Lease[] => {
    const open = [...tokens].filter(([id]) => !answered(id));
    return open.map(([id, token]) => ({ id, token }));
  }, [tokens, answered]);

  const beat = useEffectEvent(async () => {
    const leases = mine();
    if (!leases.length || document.visibilityState === "hidden") return;
    const gone = await keepLeases(dataset, leases).catch(() => []);
    if (!gone.length) return;
    gone.forEach((id) => tokens.delete(id));
    const found = await claim(dataset, { limit: Math.min(MOST, leases.length), where }).catch(() => null);
    if (!found) return;
    take(found);
    const lost = gone.filter((id) => !tokens.has(id) && !answered(id));
    setState((before) => {
      const front = before.ids[at(before.ids)];
      return { ...before, lost: new Set([...before.lost, ...lost]), ids: before.ids.filter((id) => id === front || !lost.includes(id)) };
    });
  });

  useEffect(() => {
    const run = () => void beat();
    const first = setTimeout(run, FIRST_HEARTBEAT_MS);
    const timer = setInterval(run, HEARTBEAT_MS);
    document.addEventListener("visibilitychange", run);
    return () => {
      clearTimeout(first);
      clearInterval(timer);
      document.removeEventListener("visibilitychange", run);
    };
  }, []);

  // what was begun stays mine; the rest is for whoever comes next
  useEffect(() => {
    const leave = () => {
      const untouched = mine().filter(({ id }) => edits.get(id)?.now.state === "none");
      if (untouched.length) void releaseLeases(dataset, untouched).catch(() => undefined);
    };
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      leave();
    };
  }, [mine, edits, dataset]);

  const reload = useCallback(() => { setRound((before) => before + 1); }, []);
  useEffect(() => {
    const back = () => { setState((before) => (before.failure ? { ...before, failure: null, again: before.again + 1 } : before)); };
    window.addEventListener("online", back);
    return () => { window.removeEventListener("online", back); };
  }, []);

  const skip = useCallback(
    async (id: string, reason: string | null) => {
      const steps = edits.steps();
      let done: PassedTo | "gone" = "gone";
      try {
        const sent = skipRecord(dataset, id, tokens.get(id) ?? null, reason);
        skipping.current = Promise.allSettled([skipping.current, sent]);
        done = await sent;
        skipped.current.push({ id, steps });
      } catch (failure) {
        if (!(failure instanceof ApiError && failure.status === 409)) throw failure;
      }
      tokens.delete(id);
      setState((before) => ({ ...before, ids: before.ids.filter((each) => each !== id) }));
      return done;
    },
    [dataset, tokens, edits],
  );

  const bring = useCallback(
    async (record: AppRecord) => {
      await load([record]);
      setState((before) => (before.ids.includes(record.id) ? before : { ...before, ids: [record.id, ...before.ids], complete: false }));
    },
    [load],
  );

  const takeBack = useCallback(async (id: string) => { tokens.set(id, await takeSkipBack(dataset, id)); }, [dataset, tokens]);

  const undoSkip = useCallback(async () => {
    await skipping.current; // else what is under way would not be the last step
    const last = skipped.current.at(-1);
    if (!last || edits.steps() > last.steps) return null;
    skipped.current.pop();
    const record = edits.get(last.id)?.record;
    if (!record) return null;
    await takeBack(last.id);
    setState((before) => (before.ids.includes(last.id) ? before : { ...before, ids: [last.id, ...before.ids], complete: false }));
    return last.id;
  }, [edits, takeBack]);

  const reasonOf = useCallback((id: string) => reasons.current.get(id) ?? null, []);
  const open = current.ids.filter((id) => !answered(id)).length;
  return {
    ids: current.ids,
    total: current.ids.length + current.queued,
    left: open + current.queued,
    passed: open,
    loading: state.key !== key,
    failure: current.failure,
    complete: current.complete,
    why: current.why,
    lost: current.lost,
    reload,
    reasonOf,
    skip,
    undoSkip,
    takeBack,
    bring,
  };
}

function isAnswered(state: string | undefined): boolean {
  return state === "submitted" || state === "discarded";
}
