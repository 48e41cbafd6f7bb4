/** Addresses of 1.x: what they searched for, sorted by and showed, as addresses of ours. */

import { type Params, type View, DEFAULT_VIEW, SIZES, writeView } from "./view";

/** Target of an address of 1.x: to records, or to the rules. */
export interface Target {
  readonly page: "records" | "rules";
  readonly params: Params;
}

const LISTS = ["status", "predicted_as", "annotated_as", "predicted_by", "annotated_by", "predicted"];

/** Target that an address of 1.x asks for; null where it is none. What cannot be read of it is left out. */
export function readLink1x(params: Params): Target | null {
  const mode = first(params, "viewMode");
  const [query, sort, pagination, vector] = ["query", "sort", "pagination", "vectorId"].map((name) => decoded(first(params, name)));
  if (!mode && ![query, pagination, vector].some(isObject) && !Array.isArray(sort)) return null;
  const asked = isObject(query) ? query : {};
  const text = [asked["text"], asked["query_text"]].find((each): each is string => typeof each === "string") ?? "";
  if (mode === "labelling-rules") return { page: "rules", params: text ? { q: text } : {} };
  const { size, page } = isObject(pagination) ? pagination : {};
  const view: View = {
    ...DEFAULT_VIEW,
    layout: "list",
    q: uncovered(text, asked["uncovered_by_rules"]),
    filters: filtersOf(asked),
    sort: Array.isArray(sort) ? sort.flatMap(sortOf) : [],
    size: SIZES.find((each) => each === size) ?? DEFAULT_VIEW.size,
    page: typeof page === "number" && page >= 1 ? Math.floor(page) : 1,
    similar: similarTo(vector),
  };
  return { page: "records", params: writeView(view) };
}

/** The list of datasets by tags, as 1.x wrote it; null where an address does not ask for it. */
export function readTags1x(params: Params): Params | null {
  const given = decoded(first(params, "tags"));
  if (!Array.isArray(given)) return null;
  const rest = Object.entries(params).filter(([name]) => name !== "tags");
  const tag = given.filter(isObject).flatMap(({ key, value }) => (typeof key === "string" ? [`${key}: ${String(value)}`] : []));
  return { ...Object.fromEntries(rest), tag };
}

function first(params: Params, name: string): string {
  return [params[name] ?? []].flat()[0] ?? "";
}

/** A JSON text in base64, of either alphabet. */
function decoded(text: string): unknown {
  try {
    const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (each) => each.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

const texts = (value: unknown) => (Array.isArray(value) ? value : [value]).filter((each): each is string => typeof each === "string" && each !== "");

function filtersOf(asked: Record<string, unknown>): View["filters"] {
  const metadata = isObject(asked["metadata"]) ? asked["metadata"] : {};
  const lists = [
    ...LISTS.map((name) => [name, texts(asked[name])] as const),
    ...Object.entries(metadata).map(([name, values]) => [`metadata.${name}`, texts(values)] as const),
  ];
  const score = isObject(asked["score"]) ? asked["score"] : {};
  const { from, to } = score;
  return {
    ...Object.fromEntries(lists.filter(([, values]) => values.length)),
    ...(typeof from === "number" && typeof to === "number" ? { score: [`${String(from)}-${String(to)}`] } : {}),
  };
}

function similarTo(given: unknown): View["similar"] {
  if (!isObject(given) || typeof given["vector_name"] !== "string" || given["record_id"] == null) return null;
  return { vector: given["vector_name"], record: String(given["record_id"] as string | number) };
}

function sortOf(each: unknown): string[] {
  if (!isObject(each) || typeof each["id"] !== "string") return [];
  return [each["order"] === "desc" ? `-${each["id"]}` : each["id"]];
}

/** "Only records not covered by rules" named the rules of then; ours are those of now. */
function uncovered(text: string, rules: unknown): string {
  if (!texts(rules).length) return text;
  return text ? `(${text}) AND covered:false` : "covered:false";
}
