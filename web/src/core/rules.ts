/** Labeling rules: what their figures say, which records are behind them, and what can be saved. */

export interface Rule {
  readonly query: string;
  readonly labels: readonly string[];
  readonly description?: string;
  readonly author: string;
  readonly created_at: string;
}

/** Shares lie between 0 and 1; what cannot be measured is left out. */
export interface Figures {
  readonly total_records: number;
  readonly annotated_records: number;
  readonly coverage?: number;
  readonly coverage_annotated?: number;
  readonly correct?: number;
  readonly incorrect?: number;
  readonly precision?: number;
}

export type DraftFigures = Figures;

export interface SharedFigures extends Figures {
  readonly covered_records: number;
  readonly annotated_covered_records: number;
  readonly overlaps?: number;
  /** Left out where records have several labels: such votes add up. */
  readonly conflicts?: number;
  /** Comparison with the answers of all people, for reviewers. */
  readonly answers?: { readonly correct: number; readonly incorrect: number; readonly precision?: number };
}

export interface MeasuredRule extends Rule, SharedFigures {
  /** Reason why the rule cannot be evaluated. */
  readonly problem?: string;
}

export interface AllFigures extends SharedFigures {
  readonly rules: readonly MeasuredRule[];
}

/** Searches of all rules together. */
export const OPEN = "covered:false";
export const COVERED = "covered:true";
export const CONFLICT = "covered:conflict";

/** A text that a search takes as it is. */
export const quoted = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** Records that the rule matches and that are annotated otherwise. */
export function wrongQuery(query: string, labels: readonly string[]): string {
  return `(${query}) AND _exists_:annotated_as AND NOT ${allOf(labels)}`;
}

/** Records that the rule matches and that are annotated so. */
export function rightQuery(query: string, labels: readonly string[]): string {
  return `(${query}) AND ${allOf(labels)}`;
}

/** Records that the rule matches and no stored rule does. */
export const newQuery = (query: string) => `(${query}) AND ${OPEN}`;

/** Records that the rule and another one match; the server knows no search for "two rules", so the others are named. */
export function overlapQuery(query: string, others: readonly Pick<MeasuredRule, "query" | "problem">[]): string {
  const named = others.filter((each) => each.query !== query && !each.problem).map((each) => `(${each.query})`);
  return `(${query}) AND (${named.join(" OR ")})`;
}

export const conflictQuery = (query: string) => `(${query}) AND ${CONFLICT}`;

function allOf(labels: readonly string[]): string {
  const named = labels.map((each) => `annotated_as:${quoted(each)}`);
  return named.length === 1 ? (named[0] ?? "") : `(${named.join(" AND ")})`;
}

/** Number of records in a share of all. */
export const countOf = (share: number | undefined, total: number) => Math.round((share ?? 0) * total);

export interface Draft {
  readonly query: string;
  readonly labels: readonly string[];
  readonly description: string;
}

export const NO_DRAFT: Draft = { query: "", labels: [], description: "" };

/** Effect of pressing Enter: `same` where the rule is stored just so. */
export type Next = "query" | "label" | "add" | "change" | "same";

export function nextStep(draft: Draft, rules: readonly Rule[]): Next {
  const query = draft.query.trim();
  if (!query) return "query";
  if (!draft.labels.length) return "label";
  const stored = rules.find((each) => each.query === query);
  if (!stored) return "add";
  const same = sameLabels(stored.labels, draft.labels) && (stored.description ?? "") === draft.description.trim();
  return same ? "same" : "change";
}

const sameLabels = (one: readonly string[], other: readonly string[]) =>
  one.length === other.length && one.every((each) => other.includes(each));

/** The labels after one was picked: it alone, or in a dataset of several it too; picked twice, it is gone. */
export function pickLabel(labels: readonly string[], label: string, several: boolean): readonly string[] {
  if (labels.includes(label)) return labels.filter((each) => each !== label);
  return several ? [...labels, label] : [label];
}

export type Column = "query" | "labels" | "coverage" | "overlaps" | "conflicts" | "correct" | "incorrect" | "precision" | "created_at";

export interface Order {
  readonly by: Column;
  readonly down: boolean;
}

export const NEWEST: Order = { by: "created_at", down: true };

/** Rules of these words (in query or name), this label and this author, sorted; what is not measured comes last. */
export function shownRules<T extends MeasuredRule>(
  rules: readonly T[],
  { words, label, author }: { words: string; label: string | null; author: string | null },
  { by, down }: Order,
): readonly T[] {
  const wanted = words.trim().toLowerCase();
  const key = (rule: T) => (by === "labels" ? rule.labels.join(", ") : rule[by]);
  return rules
    .filter((each) => `${each.query}\n${each.description ?? ""}`.toLowerCase().includes(wanted))
    .filter((each) => (label === null || each.labels.includes(label)) && (author === null || each.author === author))
    .toSorted((one, other) => {
      const [a, b] = [key(one), key(other)];
      if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
      const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
      return down ? -order : order;
    });
}

export interface LabelFigures {
  readonly label: string;
  readonly rules: number;
  readonly correct: number;
  readonly incorrect: number;
}

/** Rules of each label and how often they are right: labels without any show what is missing. */
export function byLabel(rules: readonly MeasuredRule[], labels: readonly string[]): readonly LabelFigures[] {
  const names = [...new Set([...labels, ...rules.flatMap((each) => each.labels)])];
  return names.map((label) => {
    const its = rules.filter((each) => each.labels.includes(label));
    const sum = (of: "correct" | "incorrect") => its.reduce((total, each) => total + (each.labels.length === 1 ? (each[of] ?? 0) : 0), 0);
    return { label, rules: its.length, correct: sum("correct"), incorrect: sum("incorrect") };
  });
}
