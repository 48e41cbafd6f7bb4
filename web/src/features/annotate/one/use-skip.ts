/** Leaving the record in front to others: asking for a reason, and going on. */

import { useState } from "react";

import { type Front, frontWithout } from "@/core/front-record";
import { t } from "@/text/en";

import type { Claims } from "./use-claims";

interface Options {
  readonly ids: readonly string[];
  /** The place of the record in front. */
  readonly at: number;
  readonly claims: Claims | null;
  readonly setFront: (to: Front) => void;
  readonly onSay: (message: string) => void;
}

export interface Skipping {
  /** True while the reason is being asked for. */
  readonly asking: boolean;
  readonly ask: () => void;
  readonly cancel: () => void;
  readonly skip: (reason: string | null) => Promise<void>;
}

export function useSkip({ ids, at, claims, setFront, onSay }: Options): Skipping {
  const [asking, setAsking] = useState(false);
  const id = ids[at] ?? null;
  return {
    asking,
    ask: () => { setAsking(claims !== null && id !== null); },
    cancel: () => { setAsking(false); },
    skip: async (reason) => {
      setAsking(false);
      if (!claims || !id) return;
      setFront(frontWithout(ids, at)); // the one skipped will be gone
      try {
        onSay(t.queue.skippedTo[await claims.skip(id, reason)]);
      } catch (failure) {
        setFront(id);
        onSay(failure instanceof Error ? failure.message : String(failure));
      }
    },
  };
}
