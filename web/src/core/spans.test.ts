import { describe, expect, it } from "vitest";

import { cut, findHits, putSpan, relabel, removeSpan, spansAt } from "./spans";

const span = (start: number, end: number, label = "A") => ({ start, end, label });

describe("spans", () => {
  it("give way to a new one that they would cross", () => {
    expect(putSpan([span(0, 5), span(6, 9)], span(3, 7, "B"))).toEqual([span(3, 7, "B")]);
  });

  it("stay where they may overlap, but never twice", () => {
    const both = putSpan([span(0, 5)], span(3, 7, "B"), true);
    expect(putSpan(both, span(3, 7, "B"), true)).toEqual([span(0, 5), span(3, 7, "B")]);
  });

  it("are changed and removed one by one", () => {
    const all = [span(0, 5), span(0, 5, "B")];
    expect(relabel(all, span(0, 5), "C")).toEqual([span(0, 5, "C"), span(0, 5, "B")]);
    expect(removeSpan(all, span(0, 5, "B"))).toEqual([span(0, 5)]);
  });

  it("inside another are reached first", () => {
    expect(spansAt([span(0, 9), span(3, 5, "B")], 4).map((each) => each.label)).toEqual(["B", "A"]);
  });
});

describe("cutting", () => {
  it("cuts at borders only, and loses no letter", () => {
    const segments = cut(20, [span(2, 6), span(4, 8, "B")], [span(10, 12)], [{ start: 11, end: 13 }]);
    expect(segments.map((each) => [each.start, each.end])).toEqual([
      [0, 2], [2, 4], [4, 6], [6, 8], [8, 10], [10, 11], [11, 12], [12, 13], [13, 20],
    ]);
    expect(segments.map((each) => each.spans.length)).toEqual([0, 1, 2, 1, 0, 0, 0, 0, 0]);
    expect(segments.map((each) => each.suggestions.length)).toEqual([0, 0, 0, 0, 0, 1, 1, 0, 0]);
    expect(segments.map((each) => each.hit)).toEqual([false, false, false, false, false, false, true, true, false]);
  });

  it("of a text without anything is one piece", () => {
    expect(cut(5, [], [], [])).toHaveLength(1);
  });
});

describe("what a search found", () => {
  it("is whole words, whatever their case", () => {
    expect(findHits("Cat, cats and CAT", ["cat"])).toEqual([{ start: 0, end: 3 }, { start: 14, end: 17 }]);
  });
});
