import { describe, expect, it } from "vitest";

import { parseSearch, queryText, readView, searchBody, stringifySearch, whereOf, writeView } from "./view";

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
