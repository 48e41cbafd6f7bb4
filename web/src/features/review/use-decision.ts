/** The decision on one record while it is being made. Every change is kept at once, so that it is there after going on or a reload. */

import { useState } from "react";

import type { Case } from "@/api/review";
import { useOutbox } from "@/app/outbox-provider";
import { draftJournal } from "@/core/draft-journal";
import type { AppRecord, DatasetRef } from "@/core/model";

import { begunOn, type Begun, firstDraft, keepBegun, recallBegun, sameBegun } from "./decision-draft";

export interface BeingDecided extends Begun {
  readonly change: (part: Partial<Begun>) => void;
  /** Nothing is left to decide. */
  readonly forget: () => void;
}

export function useDecision(dataset: DatasetRef, record: AppRecord, found: Case): BeingDecided {
  const { user } = useOutbox();
  const [journal] = useState(draftJournal);
  const [place] = useState(() => begunOn(user, dataset, record, found.gold));
  const [first] = useState((): Begun => ({ draft: firstDraft(record, found), reason: found.gold?.reason ?? "" }));
  const [begun, setBegun] = useState(() => recallBegun(journal, place) ?? first);
  return {
    ...begun,
    change: (part) => {
      const next = { ...begun, ...part };
      setBegun(next);
      if (sameBegun(next, first)) journal.remove(place.key);
      else keepBegun(journal, place, next);
    },
    forget: () => { journal.remove(place.key); },
  };
}
