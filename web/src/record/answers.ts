/** Effects of actions on the answer of a record: choosing a label, accepting a prediction, submitting. */

import type { RecordEdit } from "@/core/edit-session";
import type { AppRecord, Span, Value } from "@/core/model";
import { putSpan, sameSpan } from "@/core/spans";

/** From this score on a label counts as predicted where a text may have several, as in 1.x. */
const PREDICTED = 0.5;

/** The value with a label chosen, or let go of where it was chosen already. */
export function toggleLabel(record: AppRecord, value: Value, label: string): Value {
  const chosen = value.labels ?? [];
  if (!record.multiLabel) return { labels: chosen.includes(label) ? [] : [label] };
  return { labels: chosen.includes(label) ? chosen.filter((each) => each !== label) : [...chosen, label] };
}

/** The best score any prediction gives each label. */
export function labelScores(record: AppRecord): Map<string, number> {
  const scores = new Map<string, number>();
  for (const suggestion of record.suggestions) {
    for (const { label, score } of suggestion.labels) {
      scores.set(label, Math.max(score, scores.get(label) ?? 0));
    }
  }
  return scores;
}

/** The labels a prediction stands for: the best one, or all with enough score. */
export function predictedLabels(record: AppRecord): string[] {
  const sorted = [...labelScores(record)].sort((one, other) => other[1] - one[1]);
  if (record.multiLabel) return sorted.filter(([, score]) => score > PREDICTED).map(([label]) => label);
  return sorted.slice(0, 1).map(([label]) => label);
}

/** Predicted spans that the answer does not have yet. */
export function openSuggestions({ record, now }: RecordEdit): Span[] {
  if (now.state === "submitted" || now.state === "discarded") return [];
  const all: Span[] = [];
  const gone = now.value.rejected ?? [];
  for (const suggestion of record.suggestions) {
    for (const span of suggestion.spans) {
      if (gone.some((each) => sameSpan(each, span))) continue;
      if (!all.some((each) => sameSpan(each, span)) && !(now.value.spans ?? []).some((each) => sameSpan(each, span))) {
        all.push(span);
      }
    }
  }
  return all;
}

/** The value with everything taken over that is predicted. */
export function acceptAll(edit: RecordEdit, overlapping: boolean): Value {
  const { record, now } = edit;
  if (record.task === "TextClassification") return { labels: predictedLabels(record) };
  if (record.task === "Text2Text") return { text: record.suggestions[0]?.texts[0]?.text ?? now.value.text ?? "" };
  let spans: readonly Span[] = now.value.spans ?? [];
  for (const { start, end, label } of openSuggestions(edit)) {
    const free = overlapping || spans.every((each) => each.end <= start || each.start >= end);
    if (free) spans = putSpan(spans, { start, end, label }, overlapping);
  }
  return { ...edit.now.value, spans };
}

/** The value with predicted spans put aside; they are not offered again. */
export function reject({ now }: RecordEdit, gone: readonly Span[]): Value {
  return { ...now.value, rejected: [...(now.value.rejected ?? []), ...gone] };
}

export function hasSuggestions(record: AppRecord): boolean {
  return record.suggestions.some((each) => each.labels.length || each.spans.length || each.texts.length);
}

/** Reason why an answer cannot be submitted as it is; null where it can. */
export function missing({ record, now }: RecordEdit): "label" | "text" | null {
  if (record.task === "TextClassification" && !record.multiLabel && !now.value.labels?.length) return "label";
  if (record.task === "Text2Text" && !now.value.text?.trim()) return "text";
  return null;
}
