import { expect, test } from "vitest";

import { readLink1x, readTags1x } from "./links-1x";

const packed = (value: unknown) =>
  btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value)))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");

test("search, filters, sort and page of a 1.x address are kept", () => {
  const query = { text: "ça > 1 ??? ÿÿ", status: ["Default"], predicted: ["ok"], score: { from: 0.2, to: 1 }, metadata: { user: ["ana", "ben"] }, annotated_as: [] };
  const found = readLink1x({
    viewMode: "annotate", query: packed(query), sort: packed([{ id: "metadata.n", order: "desc" }, { id: "score", order: "asc" }]),
    pagination: packed({ size: 20, page: 3, from: 41 }),
  });
  expect(found).toEqual({
    page: "records",
    params: {
      q: "ça > 1 ??? ÿÿ", status: "Default", predicted: "ok", score: "0.2-1", "metadata.user": ["ana", "ben"],
      sort: ["-metadata.n", "score"], view: "list", size: "20", page: "3",
    },
  });
});

test("the mode of rules leads to their page with the query", () => {
  expect(readLink1x({ viewMode: "labelling-rules", query: packed({ text: "free" }) })).toEqual({ page: "rules", params: { q: "free" } });
  expect(readLink1x({ viewMode: "labelling-rules" })).toEqual({ page: "rules", params: {} });
});

test("what no rule covers is asked of the rules of now", () => {
  const q = (query: unknown) => readLink1x({ query: packed(query) })?.params["q"];
  expect(q({ text: "a OR b", uncovered_by_rules: ["x"] })).toBe("(a OR b) AND covered:false");
  expect(q({ uncovered_by_rules: ["x"] })).toBe("covered:false");
});

test("a search for similar records is one still", () => {
  const found = readLink1x({ vectorId: packed({ vector_name: "mini", record_id: 7 }), query: packed({ text: "a" }) });
  expect(found).toEqual({ page: "records", params: { q: "a", view: "list", similar: "7", by: "mini" } });
  expect(readLink1x({ vectorId: packed({ vector_name: "mini" }) })).toEqual({ page: "records", params: { view: "list" } });
});

test("a list of datasets by tags is one still", () => {
  const tags = packed([{ key: "lang", value: "es" }, { key: "n", value: 2 }, "x"]);
  expect(readTags1x({ workspace: ["a", "b"], tags })).toEqual({ workspace: ["a", "b"], tag: ["lang: es", "n: 2"] });
  expect([readTags1x({}), readTags1x({ tag: "lang: es" }), readTags1x({ tags: "es" })]).toEqual([null, null, null]);
});

test("addresses of ours are none of 1.x, and one that is broken shows everything", () => {
  for (const params of [{}, { q: "free", sort: ["-score"] }, { sort: "score" }, { query: "free" }, { query: packed("free") }]) expect(readLink1x(params)).toBeNull();
  expect(readLink1x({ viewMode: "explore", query: "%%%", pagination: packed([1]), sort: packed([{}, 3]) })).toEqual({ page: "records", params: { view: "list" } });
});
