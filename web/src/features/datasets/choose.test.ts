import { describe, expect, it } from "vitest";

import type { ListedDataset } from "@/api/datasets";
import { parseSearch, stringifySearch } from "@/core/view";

import { choicesOf, DEFAULT_SORT, filterDatasets, type ListOptions, readListOptions, sortDatasets, tagsOf, writeListOptions } from "./choose";

const dataset = (name: string, part: Partial<ListedDataset> = {}) =>
  ({ name, workspace: "mail", task: "TextClassification", tags: {}, last_updated: "2026-11-01", ...part }) as ListedDataset;
const options = (part: Partial<ListOptions> = {}): ListOptions => ({ q: "", workspace: [], task: null, tags: [], sort: DEFAULT_SORT, ...part });
const names = (all: readonly ListedDataset[]) => all.map((each) => each.name);

const ALL = [
  dataset("mail 2", { last_updated: "2026-11-03", tags: { lang: "en" } }),
  dataset("mail 10", { last_updated: "2026-11-02", tags: { lang: "de", kind: "test" } }),
  dataset("news", { workspace: "press", task: "Text2Text", last_updated: "2026-11-01" }),
];

describe("the address of the list", () => {
  it("leads to the list and back", () => {
    const chosen = options({ q: "mail", workspace: ["mail", "press"], task: "Text2Text", tags: ["lang: en"], sort: "name" });
    expect(readListOptions(parseSearch(stringifySearch(writeListOptions(chosen))))).toEqual(chosen);
  });

  it("says nothing of what is as usual", () => {
    expect(writeListOptions(options())).toEqual({});
    expect(readListOptions({})).toEqual(options());
    expect(readListOptions({ q: "", task: "", tag: [""] })).toEqual(options());
  });
});

describe("datasets that are listed", () => {
  it("have every word in their name, whatever its case", () => {
    expect(names(filterDatasets(ALL, options({ q: " MAIL 10 " })))).toEqual(["mail 10"]);
    expect(names(filterDatasets(ALL, options({ q: "mail news" })))).toEqual([]);
  });

  it("are in one of the workspaces, of the task, and have all the tags", () => {
    expect(names(filterDatasets(ALL, options({ workspace: ["press"] })))).toEqual(["news"]);
    expect(names(filterDatasets(ALL, options({ task: "TextClassification" })))).toEqual(["mail 2", "mail 10"]);
    expect(names(filterDatasets(ALL, options({ tags: ["lang: de", "kind: test"] })))).toEqual(["mail 10"]);
    expect(names(filterDatasets(ALL, options({ tags: ["lang: en", "kind: test"] })))).toEqual([]);
  });

  it("come newest first, or by a column, numbers as people count", () => {
    expect(names(sortDatasets(ALL, DEFAULT_SORT))).toEqual(["mail 2", "mail 10", "news"]);
    expect(names(sortDatasets([...ALL].reverse(), "name"))).toEqual(["mail 2", "mail 10", "news"]);
    expect(names(sortDatasets(ALL, "-name"))).toEqual(["news", "mail 10", "mail 2"]);
    expect(names(sortDatasets(ALL, "unknown"))).toEqual(["news", "mail 10", "mail 2"]);
  });

  it("that are equal in a column stand by their names, in either direction", () => {
    expect(names(sortDatasets(ALL, "workspace"))).toEqual(["mail 2", "mail 10", "news"]);
    expect(names(sortDatasets(ALL, "-workspace"))).toEqual(["news", "mail 2", "mail 10"]);
  });

  it("stay in the order they came in for everybody else", () => {
    const before = names(ALL);
    sortDatasets(ALL, "-name");
    expect(names(ALL)).toEqual(before);
  });
});

it("offers each choice once, with what is chosen though no dataset has it", () => {
  expect(choicesOf(ALL, options({ workspace: ["gone"], tags: ["old: one"] }))).toEqual({
    workspaces: ["gone", "mail", "press"],
    tasks: ["Text2Text", "TextClassification"],
    tags: ["kind: test", "lang: de", "lang: en", "old: one"],
  });
  expect(tagsOf(dataset("a", { tags: { lang: "en" } }))).toEqual(["lang: en"]);
});
