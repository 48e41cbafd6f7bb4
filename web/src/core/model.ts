/** The words of the app: tasks, answers, records as screens need them. Plain data, positions in UTF-16 units. */

import type { Explanation } from "./explanations";

export type Task = "TextClassification" | "TokenClassification" | "Text2Text";

/** State of an answer. `none`: nobody has said anything. */
export type AnswerState = "none" | "draft" | "submitted" | "discarded";

export interface Span {
  readonly start: number;
  readonly end: number;
  readonly label: string;
  readonly score?: number;
}

/** Value of an answer to a record, by task. */
export interface Value {
  readonly labels?: readonly string[];
  readonly spans?: readonly Span[];
  readonly text?: string;
  /** Predicted spans that were looked at and rejected. They stay with a draft in the browser. */
  readonly rejected?: readonly Span[];
}

export interface Answer {
  readonly value: Value;
  readonly state: AnswerState;
}

/** Value of a record that a human has decided. */
export interface Gold extends Answer {
  readonly author: string | null;
  readonly reason: string | null;
}

export interface ScoredLabel {
  readonly label: string;
  readonly score: number;
}

export interface Suggestion {
  readonly agent: string;
  readonly labels: readonly ScoredLabel[];
  readonly spans: readonly Span[];
  readonly texts: readonly { text: string; score: number }[];
}

/** One named text of a record. */
export interface Field {
  readonly name: string;
  readonly text: string;
}

export interface AppRecord {
  readonly id: string;
  readonly task: Task;
  readonly fields: readonly Field[];
  readonly tokens: readonly { start: number; end: number }[];
  readonly multiLabel: boolean;
  readonly suggestions: readonly Suggestion[];
  /** Attributions by a model to the tokens of a field, for some fields. */
  readonly explanation?: Explanation;
  readonly answer: Answer;
  /** Author of the answer. */
  readonly author: string | null;
  readonly metadata: Readonly<globalThis.Record<string, unknown>>;
  readonly eventTimestamp: string | null;
  readonly lastUpdated: string | null;
  /** Names of the vectors the record has. */
  readonly vectors: readonly string[];
  /** Words of the search that were found. */
  readonly hits: readonly string[];
  /** Answer as it was on the wire, to notice when somebody else changed it. */
  readonly seen: string;
}

export interface LabelOption {
  readonly name: string;
  readonly description?: string;
  readonly colour?: string;
  /** The key that chooses it. */
  readonly shortcut?: string;
}

/** A dataset as the annotation screen needs it. */
export interface DatasetRef {
  readonly workspace: string;
  readonly name: string;
  readonly task: Task;
  /** Everybody has an annotation of their own here; `uuid` tells this dataset from a later one of the same name. */
  readonly individual?: { readonly uuid: string | null };
}

export const NOTHING: Value = {};

export function sameAnswer(one: Answer, other: Answer): boolean {
  return one.state === other.state && sameValue(one.value, other.value);
}

/** Labels in any order; spans in the order of the text, in which they are always kept. */
export function sameValue(one: Value, other: Value): boolean {
  if (one === other) return true;
  const [mine, yours] = [one.labels ?? [], other.labels ?? []];
  const [spans, others] = [one.spans ?? [], other.spans ?? []];
  return (
    (one.text ?? "") === (other.text ?? "") &&
    (one.rejected?.length ?? 0) === (other.rejected?.length ?? 0) &&
    mine.length === yours.length &&
    mine.every((each) => yours.includes(each)) &&
    spans.length === others.length &&
    spans.every((each, at) => {
      const that = others[at];
      return that !== undefined && each.start === that.start && each.end === that.end && each.label === that.label;
    })
  );
}

/** Is there anything in it? */
export function isEmpty(value: Value): boolean {
  return !value.labels?.length && !value.spans?.length && !value.text;
}

/** The texts an answer refers to. */
export function contentOf(record: AppRecord): string {
  return JSON.stringify([record.fields.map((each) => [each.name, each.text]), record.tokens.map((each) => each.start)]);
}
