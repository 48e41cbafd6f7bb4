/** View in a dataset's address: query, filters, sort, page. Plain parameters that a colleague can read. */

import type { SearchBody } from "@/api/shapes";

/** `queue`: what one was assigned, in the order of the plan. */
export type Layout = "one" | "list" | "queue";

export interface View {
  readonly q: string;
  readonly filters: Readonly<Record<string, readonly string[]>>;
  /** Fields to sort by; a minus in front turns the order round. */
  readonly sort: readonly string[];
  readonly layout: Layout;
  readonly size: number;
  readonly page: number;
  /** The record in front of the annotator, in the layout of one. */
  readonly record: string | null;
  /** True if somebody who leads answers the record in their own name, instead of looking at its value. */
  readonly own: boolean;
  /** Records like this one are wanted, nearest first, by the vector of this name. */
  readonly similar: { readonly vector: string; readonly record: string } | null;
}

export const SIZES = [1, 10, 20, 50, 100] as const;
export const DEFAULT_VIEW: View = {
  q: "",
  filters: {},
  sort: [],
  layout: "one",
  size: 10,
  page: 1,
  record: null,
  own: false,
  similar: null,
};

const FILTERS = ["status", "predicted_as", "annotated_as", "predicted_by", "annotated_by", "predicted", "score"];
/** Filters of which the search route knows nothing; they become a part of the query. */
const WORDED = ["assigned_to", "assignment", "covered", "rule"];
const RANGE = "range.";

export function isFilter(name: string): boolean {
  return FILTERS.includes(name) || WORDED.includes(name) || name.startsWith("metadata.") || isRange(name);
}

/** A filter by a number: `range.metadata.pages=10..20`, either end may be missing. */
export function isRange(name: string): boolean {
  return name.startsWith(RANGE);
}

export const rangeOf = (field: string) => RANGE + field;

export function readRange(value: string | undefined): { from: string; to: string } {
  const [from = "", to = ""] = (value ?? "..").split("..");
  return { from, to };
}

export type Params = Record<string, string | string[]>;

export function readView(params: Params): View {
  const all = (name: string): string[] => {
    const given = params[name];
    return given === undefined ? [] : Array.isArray(given) ? given : [given];
  };
  const first = (name: string) => all(name)[0] ?? "";
  const size = Number(first("size"));
  return {
    q: first("q"),
    filters: Object.fromEntries(
      Object.keys(params)
        .filter((name) => isFilter(name) && all(name).some(Boolean))
        .map((name) => [name, all(name)]),
    ),
    sort: all("sort").filter(Boolean),
    layout: (["list", "queue"] as const).find((each) => each === first("view")) ?? "one",
    size: SIZES.find((each) => each === size) ?? DEFAULT_VIEW.size,
    page: Math.max(1, Math.floor(Number(first("page"))) || 1),
    record: first("record") || null,
    own: first("own") === "1",
    similar: first("similar") && first("by") ? { vector: first("by"), record: first("similar") } : null,
  };
}

export function writeView(view: View): Params {
  const params: Params = {};
  if (view.q) params["q"] = view.q;
  for (const [name, values] of Object.entries(view.filters)) {
    if (values.length) params[name] = values.length === 1 ? (values[0] ?? "") : [...values];
  }
  if (view.sort.length) params["sort"] = [...view.sort];
  if (view.layout === "list") {
    if (view.similar) {
      params["similar"] = view.similar.record;
      params["by"] = view.similar.vector;
    }
    params["view"] = "list";
    if (view.size !== DEFAULT_VIEW.size) params["size"] = String(view.size);
    if (view.page > 1) params["page"] = String(view.page);
  } else if (view.layout === "queue") params["view"] = "queue";
  else if (view.record) {
    params["record"] = view.record;
    if (view.own) params["own"] = "1";
  }
  return params;
}

/** Addresses with every parameter as text, repeated where it has several values. */
export function parseSearch(search: string): Params {
  const params: Params = {};
  for (const [name, value] of new URLSearchParams(search)) {
    const before = params[name];
    params[name] = before === undefined ? value : [...(Array.isArray(before) ? before : [before]), value];
  }
  return params;
}

export function stringifySearch(params: Record<string, unknown>): string {
  const pairs = Object.entries(params).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((each) => each !== undefined && each !== null && each !== "")
      .map((each) => [name, String(each)]),
  );
  const text = new URLSearchParams(pairs).toString();
  return text ? `?${text}` : "";
}

/** The query object of the search route. */
export function searchBody(view: View, without?: string): SearchBody {
  const query: SearchBody["query"] = {};
  const metadata: Record<string, string[]> = {};
  const text = queryText(view, without);
  if (text) query.query_text = text;
  for (const [name, values] of Object.entries(view.filters)) {
    if (name === without || !values.length || isWorded(name)) continue;
    if (name.startsWith("metadata.")) metadata[name.slice("metadata.".length)] = [...values];
    else if (name === "score") {
      const [from, to] = (values[0] ?? "").split("-").map(Number);
      if (Number.isFinite(from) && Number.isFinite(to)) query.score = { from: from ?? null, to: to ?? null };
    } else if (name !== "predicted") Object.assign(query, { [name]: values });
    else if (values.length === 1) Object.assign(query, { predicted: values[0] });
  }
  if (Object.keys(metadata).length) query.metadata = metadata;
  return {
    query,
    sort: view.sort.map((each) =>
      each.startsWith("-") ? { id: each.slice(1), order: "desc" } : { id: each, order: "asc" },
    ),
  };
}

function isWorded(name: string): boolean {
  return WORDED.includes(name) || isRange(name);
}

/** The text of the search with the filters in it that only the search language knows. */
export function queryText(view: Pick<View, "q" | "filters">, without?: string): string {
  const filters = Object.entries(view.filters).filter(([name, values]) => name !== without && values.length && isWorded(name));
  return joined([view.q.trim(), ...filters.map(([name, values]) => worded(name, values))]);
}

function joined(parts: readonly string[]): string {
  const filled = parts.filter(Boolean);
  return filled.length === 1 ? (filled[0] ?? "") : filled.map((each) => `(${each})`).join(" AND ");
}

/** One filter in the search language. */
function worded(name: string, values: readonly string[]): string {
  const field = (isRange(name) ? name.slice(RANGE.length) : name).replace(/[^\w.]/g, "\\$&");
  if (isRange(name)) {
    const { from, to } = readRange(values[0]);
    return from || to ? `${field}:[${from || "*"} TO ${to || "*"}]` : "";
  }
  if (name === "score") {
    const [from, to] = (values[0] ?? "").split("-");
    return from && to ? `score:[${from} TO ${to}]` : "";
  }
  return values.map((each) => `${field}:"${each.replace(/["\\]/g, "\\$&")}"`).join(" OR ");
}

/** The same as one query, for routes that take a text; null where everything is wanted. */
export function whereOf(view: Pick<View, "q" | "filters">): string | null {
  const filters = Object.entries(view.filters).filter(([, values]) => values.length);
  return joined([view.q.trim(), ...filters.map(([name, values]) => worded(name, values))]) || null;
}

/** A query for these records and no others. */
export function queryOfIds(ids: readonly string[]): string {
  return ids.map((each) => `id:"${each.replace(/["\\]/g, "\\$&")}"`).join(" OR ");
}
