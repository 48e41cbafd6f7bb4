/** Records as the server sends them, turned into what screens show, and answers turned back. */

import type { AnswerValue, WireOwn, WireRecord, WireValue } from "@/api/shapes";

import type { AppRecord, Answer, AnswerState, Field, Span, Suggestion, Task, Value } from "./model";
import { locateTokens, Offsets } from "./offsets";

const STATES: globalThis.Record<string, AnswerState> = {
  Default: "none",
  Edited: "draft",
  Validated: "submitted",
  Discarded: "discarded",
};

export const STATUS: globalThis.Record<AnswerState, NonNullable<WireRecord["status"]>> = {
  none: "Default",
  draft: "Edited",
  submitted: "Validated",
  discarded: "Discarded",
};

export function readRecord(wire: WireRecord, task: Task): AppRecord {
  const fields = readFields(wire);
  const text = wire.text ?? "";
  const offsets = new Offsets(text);
  return {
    id: String(wire.id),
    task,
    fields,
    tokens: task === "TokenClassification" ? locateTokens(text, wire.tokens ?? []) : [],
    multiLabel: wire.multi_label ?? false,
    suggestions: readSuggestions(wire, offsets),
    ...(wire.explanation ? { explanation: wire.explanation } : {}),
    answer: readAnswer(wire, task, offsets),
    author: wire.annotation?.agent ?? null,
    metadata: wire.metadata ?? {},
    eventTimestamp: wire.event_timestamp ?? null,
    lastUpdated: wire.last_updated ?? null,
    hits: wire.search_keywords ?? [],
    vectors: Object.keys(wire.vectors ?? {}),
    seen: fingerprint(wire),
  };
}

function readFields(wire: WireRecord): Field[] {
  if (!wire.inputs) return [{ name: "text", text: wire.text ?? "" }];
  return Object.entries(wire.inputs).map(([name, given]) => ({
    name,
    text: Array.isArray(given) ? given.join("\n") : given,
  }));
}

/** Labels have two names on the wire: a scan has the longer one. */
const nameOf = (label: { class?: string | null; class_label?: string | null }) => label.class ?? label.class_label ?? "";

function readSpans(value: WireValue | AnswerValue | null | undefined, offsets: Offsets): Span[] {
  return (value?.entities ?? [])
    .map(({ start, end, label, score }) => ({
      start: offsets.toUnits(start),
      end: offsets.toUnits(end),
      label,
      ...(score == null ? {} : { score }),
    }))
    .sort((one, other) => one.start - other.start || one.end - other.end);
}

function readSuggestions(wire: WireRecord, offsets: Offsets): Suggestion[] {
  const given: [string, WireValue][] = wire.predictions
    ? Object.entries(wire.predictions)
    : wire.prediction
      ? [[wire.prediction.agent ?? "", wire.prediction]]
      : [];
  return given.map(([agent, value]) => ({
    agent,
    labels: (value.labels ?? []).map((each) => ({ label: nameOf(each), score: each.score ?? 1 })),
    spans: readSpans(value, offsets),
    texts: (value.sentences ?? []).map(({ text, score }) => ({ text, score: score ?? 1 })),
  }));
}

function readAnswer(wire: WireRecord, task: Task, offsets: Offsets): Answer {
  const state = STATES[wire.status ?? "Default"] ?? "none";
  return { state, value: wire.annotation ? readValue(wire.annotation, task, offsets) : {} };
}

export function readValue(given: WireValue | AnswerValue, task: Task, offsets: Offsets): Value {
  if (task === "TextClassification") return { labels: (given.labels ?? []).map(nameOf) };
  if (task === "TokenClassification")
    return { spans: readSpans(given, offsets).map(({ start, end, label }) => ({ start, end, label })) };
  return { text: given.sentences?.[0]?.text ?? "" };
}

/** An answer's value for the wire, without its author. */
export function writeValue(value: Value, task: Task, text: string): AnswerValue {
  if (task === "TextClassification") return { labels: (value.labels ?? []).map((each) => ({ class: each })) };
  if (task === "Text2Text") return { sentences: [{ text: value.text ?? "" }] };
  const offsets = new Offsets(text);
  return {
    entities: (value.spans ?? []).map(({ start, end, label }) => ({
      start: offsets.toPoints(start),
      end: offsets.toPoints(end),
      label,
    })),
  };
}

/** The answer in it, for a record with this text. */
export function readOwn(own: WireOwn, task: Task, text: string): Answer {
  return { state: own.state, value: own.value ? readValue(own.value, task, new Offsets(text)) : {} };
}

/** As `fingerprint` of a record on which this is the annotation. */
export function fingerprintOf(own: WireOwn, user: string): string {
  return fingerprint({ id: "", status: STATUS[own.state], annotation: own.value ? { ...own.value, agent: user } : null });
}

/** Answer of the record, as text to compare: author, value and status. */
export function fingerprint(wire: WireRecord): string {
  const given = wire.annotation;
  return JSON.stringify([
    wire.status ?? "Default",
    given?.agent ?? null,
    (given?.labels ?? []).map(nameOf),
    (given?.entities ?? []).map(({ start, end, label }) => [start, end, label]),
    (given?.sentences ?? []).map((each) => each.text),
  ]);
}
