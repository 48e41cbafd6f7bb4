/** A decision while it is being made: what is chosen, which answers say the same, and whether it can be saved. */

import type { Answered, Case, Decision } from "@/api/review";
import type { DraftJournal } from "@/core/draft-journal";
import { type AppRecord, contentOf, type DatasetRef, sameValue, type Value } from "@/core/model";
import { keyOf } from "@/core/outbox";
import { missing } from "@/record/answers";
import { t } from "@/text/en";
import { reviewText } from "@/text/review";

import { commonSpans } from "./compare";

export interface DecisionDraft {
  readonly value: Value;
  readonly discarded: boolean;
  /** Has anything been chosen or changed? */
  readonly touched: boolean;
}

const NOTHING: DecisionDraft = { value: {}, discarded: false, touched: false };

/** Decision that was made; of spans, else, those that all have, so that only what differs is left to do. */
export function firstDraft(record: AppRecord, { gold, answers }: Case): DecisionDraft {
  if (gold) return { value: gold.value, discarded: gold.discarded, touched: true };
  if (record.task !== "TokenClassification") return NOTHING;
  return { ...NOTHING, value: { spans: commonSpans(answers.filter((each) => !each.discarded).map((each) => each.value)) } };
}

export function inLetterOrder(answers: readonly Answered[], byPerson: ReadonlyMap<string, string>): Answered[] {
  const people = [...byPerson.keys()];
  return [...answers].sort((one, other) => people.indexOf(one.annotator) - people.indexOf(other.annotator));
}

/** True if an answer says what is chosen. */
export function agrees(answer: Answered, draft: DecisionDraft): boolean {
  return draft.touched && answer.discarded === draft.discarded && (draft.discarded || sameValue(answer.value, draft.value));
}

/** The place of the answer with which the others are compared. */
export function baseOf(answers: readonly Answered[], draft: DecisionDraft): number {
  return Math.max(0, answers.findIndex((each) => !each.discarded && (agrees(each, draft) || !draft.touched)));
}

export function canSave(record: AppRecord, draft: DecisionDraft): boolean {
  const now = { value: draft.value, state: "draft" as const };
  return draft.touched && (draft.discarded || missing({ record, now, saved: now }) === null);
}

/** A decision in a line. */
export function inWords({ value, discarded }: Pick<Decision, "value" | "discarded">): string {
  if (discarded) return reviewText.unusable;
  if (value.spans) return value.spans.length ? reviewText.spanCount(value.spans.length) : reviewText.noSpans;
  return value.labels ? value.labels.join(", ") || t.annotate.withoutLabel : (value.text ?? "");
}

/** A decision that was begun, with its reason. */
export interface Begun {
  readonly draft: DecisionDraft;
  readonly reason: string;
}

/** Keeps a decision that was begun, and what it was made on. */
export interface BegunOn {
  readonly key: string;
  readonly content: string;
  readonly given: boolean;
}

export function begunOn(user: string, dataset: DatasetRef, record: AppRecord, gold: Decision | null): BegunOn {
  return { key: `decision ${keyOf(user, dataset, record.id)}`, content: `${String(gold?.version ?? 0)} ${contentOf(record)}`, given: gold !== null };
}

export function sameBegun(one: Begun, other: Begun): boolean {
  const [mine, yours] = [one.draft, other.draft];
  return one.reason === other.reason && mine.touched === yours.touched && mine.discarded === yours.discarded && sameValue(mine.value, yours.value);
}

export function keepBegun(journal: DraftJournal, on: BegunOn, { draft, reason }: Begun): void {
  const state = draft.discarded ? "discarded" : draft.touched ? "draft" : "none";
  journal.put({ ...on, answer: { value: draft.value, state }, reason });
}

/** Decision that was begun, unless the text is another by now or somebody else has decided. */
export function recallBegun(journal: DraftJournal, on: BegunOn): Begun | null {
  const entry = journal.get(on.key);
  if (!entry) return null;
  if (entry.content !== on.content) {
    journal.remove(on.key);
    return null;
  }
  const { value, state } = entry.answer;
  return { draft: { value, discarded: state === "discarded", touched: state !== "none" }, reason: entry.reason ?? "" };
}
