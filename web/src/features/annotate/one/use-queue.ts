/** One record after the other: what matches the view, read ahead in chunks, in a list that does not shift. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { ApiError } from "@/api/client";
import { findRecord, findRecords } from "@/api/records";
import { sessionEnded } from "@/app/query-client";
import type { DatasetRef } from "@/core/model";
import { searchBody, type View } from "@/core/view";
import type { AnnotationSession } from "@/features/annotate/session/use-annotation-session";

const CHUNK = 20;
const AHEAD = 6;

export interface Queue {
  readonly ids: readonly string[];
  readonly total: number;
  readonly loading: boolean;
  readonly failure: Error | null;
  /** Has everything been read that matched? */
  readonly complete: boolean;
  readonly reload: () => void;
}

interface State {
  readonly key: string;
  readonly ids: readonly string[];
  readonly total: number;
  readonly complete: boolean;
  readonly failure: Error | null;
}

const EMPTY: State = { key: "", ids: [], total: 0, complete: false, failure: null };

/** `at` is the place of the record in front of the annotator; records are read so that some lie ahead of it. */
export function useQueue(dataset: DatasetRef, view: View, session: AnnotationSession, at: (ids: readonly string[]) => number): Queue {
  const [round, setRound] = useState(0);
  const body = useMemo(() => searchBody(view), [view]);
  const key = JSON.stringify([dataset, body, round]);
  const [state, setState] = useState<State>(EMPTY);
  const current = state.key === key ? state : EMPTY;
  const asked = useRef("");
  const reading = useRef<object | null>(null);
  const wantedRecord = useRef(view.record);
  const shifts = dependsOnAnswers(view);

  useEffect(() => {
    wantedRecord.current = view.record;
  }, [view.record]);

  const place = at(current.ids);
  const needed = state.key !== key || (!current.complete && !current.failure && place >= current.ids.length - AHEAD);

  useEffect(() => {
    const request = `${key}#${String(state.key === key ? state.ids.length : -1)}`;
    if (!needed || asked.current === request) return undefined;
    asked.current = request;
    const seen = state.key === key ? state.ids : [];
    const mine = {};
    reading.current = mine;
    const wanted = () => reading.current === mine; // no other search was begun meanwhile
    void readOn(dataset, body, seen, shifts, session, wantedRecord.current, wanted).then(
      (next) => { if (next) setState({ key, failure: null, ...next }); },
      (failure: unknown) => {
        if (failure instanceof ApiError && failure.status === 401) sessionEnded();
        if (!wanted()) return;
        setState({ key, ids: seen, total: 0, complete: false, failure: failure instanceof Error ? failure : new Error(String(failure)) });
      },
    );
    return undefined;
  }, [needed, key, state, dataset, body, shifts, session]);

  const reload = useCallback(() => { setRound((before) => before + 1); }, []);
  return {
    ids: current.ids,
    total: Math.max(current.total, current.ids.length),
    loading: state.key !== key,
    failure: current.failure,
    complete: current.complete,
    reload,
  };
}

/** The next records that are not in the list yet; null once they are no longer wanted. */
async function readOn(
  dataset: DatasetRef,
  body: ReturnType<typeof searchBody>,
  seen: readonly string[],
  shifts: boolean,
  session: AnnotationSession,
  first: string | null,
  wanted: () => boolean,
): Promise<{ ids: readonly string[]; total: number; complete: boolean } | null> {
  const since = session.mark();
  const known = new Set(seen);
  const ids = [...seen];
  const linked = first && !known.has(first) && !seen.length ? await findRecord(dataset, first) : null;
  // what has been answered may no longer match, so what follows has moved up by as many places at the most
  const answered = shifts ? seen.filter((id) => hasLeft(session, id)).length : 0;
  let from = Math.max(0, seen.length - answered);
  for (;;) {
    const page = await findRecords(dataset, body, { limit: CHUNK, from });
    const fresh = page.records.filter((each) => !known.has(each.id));
    if (linked && !seen.length && !fresh.some((each) => each.id === linked.id)) fresh.unshift(linked);
    await session.load(fresh, { since });
    ids.push(...fresh.map((each) => each.id));
    if (!wanted()) return null;
    const complete = from + CHUNK >= page.total;
    if (fresh.length || complete) return { ids, total: Math.max(page.total, ids.length), complete };
    from += CHUNK;
  }
}

function hasLeft(session: AnnotationSession, id: string): boolean {
  const edit = session.edits.get(id);
  return edit !== undefined && edit.saved.state !== edit.record.answer.state;
}

/** Can a record stop matching because it is answered? */
function dependsOnAnswers(view: View): boolean {
  const names = ["status", "annotated_as", "annotated_by", "predicted"];
  return names.some((name) => view.filters[name]?.length) || /status|annotat|predicted/.test(view.q);
}
