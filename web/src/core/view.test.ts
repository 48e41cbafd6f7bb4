import { describe, expect, it } from "vitest";

import { DEFAULT_VIEW, isFilter, parseSearch, queryText, rangeOf, readRange, readView, searchBody, stringifySearch, whereOf, writeView } from "./view";

const address = "?q=status%3ADefault+fox&metadata.user=ana&metadata.user=ben&score=0.2-0.9&sort=-score&sort=id&view=list&size=50&page=3";

describe("the address of a view", () => {
  it("leads to the view and back", () => {
    const view = readView(parseSearch(address));
    expect(view).toMatchObject({ q: "status:Default fox", layout: "list", size: 50, page: 3, sort: ["-score", "id"] });
    expect(readView(parseSearch(stringifySearch(writeView(view))))).toEqual(view);
  });

  it("is read with a grain of salt", () => {
    expect(readView(parseSearch("?size=7&page=-2&view=sideways&nonsense=1"))).toMatchObject({ size: 10, page: 1, layout: "one", filters: {} });
  });

  it("keeps a record only where records come one by one", () => {
    expect(writeView({ ...readView({}), record: "a/b" })).toEqual({ record: "a/b" });
    expect(writeView({ ...readView({}), layout: "list", record: "a/b" })).toEqual({ view: "list" });
  });

  it("becomes the query that the server understands", () => {
    expect(searchBody(readView(parseSearch(address)))).toEqual({
      query: { query_text: "status:Default fox", metadata: { user: ["ana", "ben"] }, score: { from: 0.2, to: 0.9 } },
      sort: [{ id: "score", order: "desc" }, { id: "id", order: "asc" }],
    });
    expect(searchBody(readView(parseSearch(address)), "metadata.user").query).not.toHaveProperty("metadata");
  });
});

it("says filters and words as one query", () => {
  const view = readView({ q: "a OR b", "metadata.user name": ['An"a', "ben"], score: "0.2-0.5" });
  expect(whereOf(view)).toBe('(a OR b) AND (metadata.user\\ name:"An\\"a" OR metadata.user\\ name:"ben") AND (score:[0.2 TO 0.5])');
  expect(whereOf(readView({ view: "queue" }))).toBeNull();
  expect(whereOf(readView({ status: "Default" }))).toBe('status:"Default"');
});

it("filters by rules in the search language, whatever their queries are", () => {
  const view = readView({ covered: ["false", "conflict"], rule: 'a OR "b c"' });
  expect(searchBody(view).query).toEqual({ query_text: '(covered:"false" OR covered:"conflict") AND (rule:"a OR \\"b c\\"")' });
  expect(searchBody(view, "rule").query).toEqual({ query_text: 'covered:"false" OR covered:"conflict"' });
});

it("puts filters that only the search language knows into the query", () => {
  const view = readView({ q: "a OR b", assigned_to: ["ana", "ben"], "range.metadata.pages": "10..", status: "Default" });
  expect(queryText(view)).toBe('(a OR b) AND (assigned_to:"ana" OR assigned_to:"ben") AND (metadata.pages:[10 TO *])');
  expect(searchBody(view).query).toEqual({ query_text: queryText(view), status: ["Default"] });
  expect(queryText(view, "assigned_to")).toBe("(a OR b) AND (metadata.pages:[10 TO *])");
  expect(queryText(readView({ assigned_to: "ana" }))).toBe('assigned_to:"ana"');
});

it("remembers in the address what others are compared with", () => {
  const view = readView({ view: "list", similar: "r 1", by: "mini" });
  expect(view.similar).toEqual({ record: "r 1", vector: "mini" });
  expect(writeView(view)).toEqual({ view: "list", similar: "r 1", by: "mini" });
  expect(writeView({ ...view, layout: "one" })).toEqual({});
});

describe("filters in an address", () => {
  it("are known by their names, metadata and numbers by how these begin", () => {
    expect(["status", "score", "assigned_to", "assignment", "metadata.source", "range.metadata.pages"].every(isFilter)).toBe(true);
    expect(["q", "sort", "page", "meta", "Status"].some(isFilter)).toBe(false);
  });

  it("without a value are none", () => {
    expect(readView(parseSearch("?status=&metadata.a=")).filters).toEqual({});
    expect(writeView({ ...DEFAULT_VIEW, filters: { status: [] } })).toEqual({});
  });

  it("by a number may leave either end open", () => {
    expect(readRange("10..20")).toEqual({ from: "10", to: "20" });
    expect(readRange("..20")).toEqual({ from: "", to: "20" });
    expect(readRange(undefined)).toEqual({ from: "", to: "" });
    expect(rangeOf("metadata.pages")).toBe("range.metadata.pages");
  });

  it("by a number without any end say nothing", () => {
    expect(queryText(readView({ "range.metadata.pages": ".." }))).toBe("");
    expect(queryText(readView({ "range.metadata.pages": "..5" }))).toBe("metadata.pages:[* TO 5]");
  });

  it("by whether the prediction was right are left out where both are chosen", () => {
    expect(searchBody(readView({ predicted: "ok" })).query).toEqual({ predicted: "ok" });
    expect(searchBody(readView({ predicted: ["ok", "ko"] })).query).toEqual({});
  });

  it("by a score that is no number are left out", () => {
    expect(searchBody(readView({ score: "high" })).query).toEqual({});
    expect(whereOf(readView({ score: "high" }))).toBeNull();
  });
});

describe("an address", () => {
  it("says nothing of what is as usual", () => {
    expect(writeView(DEFAULT_VIEW)).toEqual({});
    expect(writeView({ ...DEFAULT_VIEW, layout: "list" })).toEqual({ view: "list" });
    expect(stringifySearch({})).toBe("");
  });

  it("of the queue keeps the search, but neither record nor page", () => {
    expect(writeView({ ...DEFAULT_VIEW, layout: "queue", q: "fox", record: "1", page: 3 })).toEqual({ q: "fox", view: "queue" });
  });

  it("leaves out what is empty, and repeats what has several values", () => {
    expect(stringifySearch({ a: "", b: null, c: undefined, d: ["x", "y"], e: 1 })).toBe("?d=x&d=y&e=1");
    expect(parseSearch("?d=x&d=y&d=z")).toEqual({ d: ["x", "y", "z"] });
  });

  it("leads back whatever stands in a search", () => {
    for (const q of ['text:"a b"', "a&b=c", "100%", "+x -y", "Grüße 😀", "a#b"]) {
      expect(readView(parseSearch(stringifySearch(writeView({ ...DEFAULT_VIEW, q })))).q).toBe(q);
    }
  });
});
