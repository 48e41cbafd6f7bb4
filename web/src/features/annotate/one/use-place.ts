/** The place in the queue: what is in front, and moving from there. */

import { useCallback, useMemo, useState } from "react";

import { type Front, placeOf } from "@/core/front-record";

export interface Place {
  readonly set: (to: Front) => void;
  readonly of: (ids: readonly string[]) => number;
}

export function usePlace(first: string | null): Place {
  const [front, set] = useState<Front>(first);
  const of = useCallback((ids: readonly string[]) => placeOf(ids, front), [front]);
  return useMemo(() => ({ set, of }), [of]);
}
