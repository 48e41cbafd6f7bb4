/** Mapping of the columns of a file to a dataset: a first guess, and the mapping the server is sent. */

import type { Row } from "./file-rows";
import type { Task } from "./model";

/** `own`: a column of one of our own exports, read under its name. */
export const ROLES = ["text", "tokens", "id", "label", "prediction", "score", "metadata", "time", "own", "skip"] as const;
export type Role = (typeof ROLES)[number];

export interface Column {
  readonly name: string;
  readonly role: Role;
}

const OWN = /^(inputs|prediction_agent|multi_label)$|^(inputs|metadata)\../;
/** Names of ours that others use as well: ours if what is there says so. */
const SHARED = /^(metadata|predictions|vectors|explanation)$/;
/** Columns of our exports by which records come in as answered: taken only if somebody says so. */
const OWN_ANSWERS = /^(answers|gold|annotation_agent|status)$|^answer\../;
const DERIVED = /^(support|agreeing|provenance|soft_labels|last_updated|metrics|search_keywords)$|^soft\../;
const NAMES: readonly [Role, RegExp][] = [
  ["id", /^(_?id|uuid|guid|record_?id|key|nr|no)$/i],
  ["tokens", /^(tokens|words)$/i],
  ["time", /^(event_timestamp|timestamp|date|time|created_at)$/i],
  ["score", /^(prediction_)?(score|confidence|probability|prob)$/i],
  ["prediction", /^(prediction|predicted|predicted_?label|pred|model_?output)$/i],
  ["text", /^(text|sentence|content|body|review|comment|message|question|document|title|input|source_text|tweet|abstract)$/i],
];

const ANSWERS = /^(label|labels|annotation|class|category|sentiment|target|topic|entities|spans|ner_tags|summary|translation|answer)$/i;

/** Names of columns that may hold answers; whether they do, only people know. */
export const mayAnswer = (name: string) => ANSWERS.test(name);

/** Is the file one of our exports? Then its answers belong together: who gave them, and what the record stands by. */
const isOwnExport = (names: readonly string[]) => names.some((each) => /^(inputs|annotation_agent|answers|provenance)$|^(inputs|answer)\./.test(each));
const isOwnAnswer = (name: string) => OWN_ANSWERS.test(name) || name === "annotation";

export function ownAnswers(columns: readonly Column[]): Column[] {
  return isOwnExport(columns.map((each) => each.name)) ? columns.filter((each) => isOwnAnswer(each.name)) : [];
}

/** The same columns, with the answers of an export of ours, or without. */
export function withOwnAnswers(columns: readonly Column[], wanted: boolean): Column[] {
  const own = new Set(ownAnswers(columns));
  return columns.map((each) => (own.has(each) ? { ...each, role: wanted ? "own" : "skip" } : each));
}

/** As the server sees it: nothing else is an empty cell. */
export const isFilled = (value: unknown) => value !== "" && value !== null && value !== undefined;

/** Does a row of one of our exports say that its record is answered? */
export function givesAnswer(row: Row): boolean {
  const some = (value: unknown) => isFilled(value) && !(typeof value === "object" && value !== null && Object.keys(value).length === 0);
  return ["annotation", "answers", "gold"].some((name) => some(row[name])) || /^(Validated|Discarded)$/.test(String(row["status"])) || Object.keys(row).some((name) => /^answer\.[^.]+$/.test(name) && some(row[name]));
}

export function columnsOf(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

const filled = (rows: readonly Row[], name: string) => rows.map((row) => row[name]).filter(isFilled);

function lengthOf(rows: readonly Row[], name: string): number {
  const texts = filled(rows, name).filter((each) => typeof each === "string");
  return texts.length ? texts.reduce((sum, each) => sum + each.length, 0) / texts.length : 0;
}

/** Roles by names and by what stands in the columns; the longest text is the text if no name says so. None is an answer unasked. */
export function guess(rows: readonly Row[], task: Task): Column[] {
  const taken = new Set<Role>();
  const ours = isOwnExport(columnsOf(rows));
  const columns = columnsOf(rows).map((name): Column => {
    const value = filled(rows, name)[0];
    if (ours && (DERIVED.test(name) || isOwnAnswer(name))) return { name, role: "skip" };
    if (OWN.test(name) || (SHARED.test(name) && (ours || (typeof value === "object" && value !== null)))) return { name, role: "own" };
    const role = NAMES.find(([, pattern]) => pattern.test(name))?.[0];
    if (role === "text") {
      if (task !== "TextClassification" && taken.has("text")) return { name, role: "metadata" };
      taken.add("text");
      return { name, role };
    }
    const numbers = filled(rows, name);
    if (role === "id" && new Set(numbers.map(String)).size < numbers.length) return { name, role: "metadata" };
    if (role && !taken.has(role) && (role !== "tokens" || task === "TokenClassification")) {
      taken.add(role);
      return { name, role };
    }
    return { name, role: typeof value === "object" && value !== null ? "skip" : "metadata" };
  });
  if (columns.some((each) => each.role === "text" || each.name === "inputs" || each.name.startsWith("inputs."))) return columns;
  const free = columns.filter((each) => each.role === "metadata");
  const longest = free.reduce<Column | undefined>((best, each) => (!best || lengthOf(rows, each.name) > lengthOf(rows, best.name) ? each : best), undefined);
  if (!longest || lengthOf(rows, longest.name) === 0) return columns;
  return columns.map((each) => (each === longest ? { ...each, role: "text" } : each));
}

/** The task that the columns speak of. */
export function guessTask(rows: readonly Row[]): Task {
  const names = columnsOf(rows).map((each) => each.toLowerCase());
  const spans = rows.some((row) => [row["annotation"], row["prediction"]].some((each) => typeof each === "object" && each !== null && "entities" in each));
  if (spans || names.some((each) => ["tokens", "entities", "spans", "ner_tags"].includes(each))) return "TokenClassification";
  return names.some((each) => ["summary", "translation"].includes(each)) ? "Text2Text" : "TextClassification";
}

export type Trouble = "noText" | "manyTexts" | "manyIds" | "manyLabels" | "manyPredictions" | "manyScores" | "manyTimes" | "manyTokens";

/** Problem to solve before the columns make records. */
export function troubleWith(columns: readonly Column[], task: Task): Trouble | null {
  const count = (role: Role) => columns.filter((each) => each.role === role).length;
  const own = (name: string) => columns.some((each) => each.role === "own" && (each.name === name || each.name.startsWith(`${name}.`)));
  if (count("text") === 0 && !(task === "TextClassification" && own("inputs"))) return "noText";
  if (count("text") > 1 && task !== "TextClassification") return "manyTexts";
  const many: [Role, Trouble][] = [
    ["id", "manyIds"], ["label", "manyLabels"], ["prediction", "manyPredictions"], ["score", "manyScores"], ["time", "manyTimes"], ["tokens", "manyTokens"],
  ];
  return many.find(([role]) => count(role) > 1)?.[1] ?? null;
}

/** Names no file has, for what is the same on every row or made here. */
const MADE_ID = "#id";
const MADE_MULTI = "#multi_label";

/** Our names, each with the column it is in. */
export function mappingOf(columns: readonly Column[], task: Task, multiLabel: boolean): Record<string, string> {
  const texts = columns.filter((each) => each.role === "text");
  const mapping: Record<string, string> = {};
  const fixed: Partial<Record<Role, string>> = { id: "id", tokens: "tokens", label: "annotation", prediction: "prediction", score: "prediction_score", time: "event_timestamp" };
  for (const { name, role } of columns) {
    if (role === "text") mapping[task !== "TextClassification" ? "text" : texts.length === 1 ? "inputs.text" : `inputs.${name}`] = name;
    else if (role === "metadata") mapping[`metadata.${name}`] = name;
    else if (role === "own") mapping[name] = name;
    else if (role !== "skip" && !(role === "tokens" && task !== "TokenClassification")) mapping[fixed[role] ?? name] = name;
  }
  if (!columns.some((each) => each.role === "id")) mapping["id"] = MADE_ID;
  if (task === "TextClassification" && multiLabel && !mapping["multi_label"]) mapping["multi_label"] = MADE_MULTI;
  return mapping;
}

/** A row with what the mapping takes from nowhere else. */
export function completed(row: Row, id: string): Row {
  return { ...row, [MADE_ID]: id, [MADE_MULTI]: true };
}

/** The labels in a cell: a label, a list of them, or values as our exports have them. */
export function labelsIn(cell: unknown): string[] {
  let value = cell;
  if (typeof value === "string" && /^\s*[[{]/.test(value)) {
    try {
      value = JSON.parse(value);
    } catch {
      // a text that only looks like JSON
    }
  }
  if (typeof value === "string") return value.trim() ? [value] : [];
  if (typeof value === "number" || typeof value === "boolean") return [String(value)];
  if (Array.isArray(value)) return value.flatMap(labelsIn);
  if (typeof value !== "object" || value === null) return [];
  const of = value as Record<string, unknown>;
  if ("class" in of || "label" in of) return labelsIn(of["class"] ?? of["label"]);
  return [of["labels"], of["entities"]].flatMap((each) => (each === undefined ? [] : labelsIn(each)));
}

/** All labels a row says something with. */
export function labelsOf(row: Row, columns: readonly Column[]): string[] {
  return columns.filter((each) => each.role === "label" || each.role === "prediction").flatMap((each) => labelsIn(row[each.name]));
}

/** A name a dataset may have, from that of a file. */
export function nameFrom(file: string): string {
  return file.replace(/\.[^.]+$/, "").toLowerCase().replace(/[^a-z0-9_-]+/g, "-").replace(/^[-_]+|[-_]+$/g, "").slice(0, 60);
}
