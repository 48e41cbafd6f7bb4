/** Keeps the record in front and the address together, so that a reload or a colleague gets to the same record. */

import { startTransition, useEffect, useLayoutEffect, useRef } from "react";

import type { Front } from "@/core/front-record";
import type { Stopwatch } from "@/core/stopwatch";
import type { View } from "@/core/view";

interface Options {
  readonly id: string | null;
  readonly view: View;
  /** True if the address names the record; that of a queue does not. */
  readonly named: boolean;
  readonly stopwatch: Stopwatch;
  readonly setFront: (to: Front) => void;
  readonly onView: (part: Partial<View>, replace?: boolean) => void;
  readonly onCurrent: (id: string | null) => void;
}

export function useAddress({ id, view, named, stopwatch, setFront, onView, onCurrent }: Options): void {
  const reported = useRef<string | null>(view.record);
  // before it is painted, so that whatever key follows acts on it
  useLayoutEffect(() => { onCurrent(id); }, [id, onCurrent]);

  useEffect(() => {
    stopwatch.front(id);
    if (!named || !id || reported.current === id) return;
    reported.current = id;
    startTransition(() => { onView({ record: id }, true); });
  }, [id, onView, named, stopwatch]);

  // another search starts at its first record; a link to a record, or Back, leads to that one
  useEffect(() => {
    if (view.record === reported.current) return;
    reported.current = view.record;
    setFront(view.record);
  }, [view.record, setFront]);
}
