/** Records, answers and predictions for unit tests: a plain one each, with what a test is about put in. */

import type { RecordEdit } from "@/core/edit-session";
import type { Answer, AppRecord, DatasetRef, Span, Suggestion } from "@/core/model";
import { locateTokens } from "@/core/offsets";

export const UNANSWERED: Answer = { value: {}, state: "none" };

export const SHARED: DatasetRef = { workspace: "team", name: "reviews", task: "TextClassification" };
export const INDIVIDUAL: DatasetRef = { ...SHARED, individual: { uuid: "u1" } };

export function recordOf(part: Partial<AppRecord> = {}): AppRecord {
  return {
    id: "1",
    task: "TextClassification",
    fields: [{ name: "text", text: "Ada met Ben" }],
    tokens: [],
    multiLabel: false,
    suggestions: [],
    answer: UNANSWERED,
    author: null,
    metadata: {},
    eventTimestamp: null,
    lastUpdated: null,
    vectors: [],
    hits: [],
    seen: "",
    ...part,
  };
}

/** A record whose words, parted by single blanks, are its tokens. */
export function tokenRecordOf(text: string, part: Partial<AppRecord> = {}): AppRecord {
  return recordOf({ task: "TokenClassification", fields: [{ name: "text", text }], tokens: locateTokens(text, text.split(" ")), ...part });
}

export function editOf(record: AppRecord, now: Answer = record.answer, saved: Answer = record.answer): RecordEdit {
  return { record, now, saved };
}

export function spanOf(start: number, end: number, label = "PER"): Span {
  return { start, end, label };
}

export function predictionOf(part: Partial<Suggestion>): Suggestion {
  return { agent: "model", labels: [], spans: [], texts: [], ...part };
}

export const draftOf = (value: Answer["value"]): Answer => ({ value, state: "draft" });
export const submittedOf = (value: Answer["value"]): Answer => ({ value, state: "submitted" });
