import { describe, expect, it } from "vitest";

import { byCharacter, byWord, cut, findHits, lanesOf, putSpan, relabel, removeSpan, resizeSpan, spansAt } from "./spans";

const span = (start: number, end: number, label = "A") => ({ start, end, label });

describe("spans", () => {
  it("that share words have a lane each, and one is used again once it is free", () => {
    const [alone, first, second, third, fourth] = [span(0, 2), span(3, 9), span(5, 12, "B"), span(10, 14), span(6, 7)];
    expect([...lanesOf([fourth, third, alone, second, first].filter((each) => each !== undefined))].map(([each, lane]) => [each.start, lane]).sort()).toEqual([[10, 0], [3, 0], [5, 1], [6, 2]]);
    expect(lanesOf([span(0, 2), span(2, 4)]).size).toBe(0);
  });

  it("give way to a new one that they would cross", () => {
    expect(putSpan([span(0, 5), span(6, 9)], span(3, 7, "B"))).toEqual([span(3, 7, "B")]);
  });

  it("stay where they may overlap, but never twice", () => {
    const both = putSpan([span(0, 5)], span(3, 7, "B"), true);
    expect(putSpan(both, span(3, 7, "B"), true)).toEqual([span(0, 5), span(3, 7, "B")]);
  });

  it("grow up to their neighbours, or over them where they may", () => {
    const all = [span(0, 3), span(4, 7, "B")];
    expect(resizeSpan(all, span(0, 3), { start: 0, end: 7 })).toEqual(all);
    expect(resizeSpan(all, span(0, 3), { start: 0, end: 7 }, true)).toEqual([span(4, 7, "B"), span(0, 7)].sort((a, b) => a.start - b.start));
    expect(resizeSpan(all, span(4, 7, "B"), { start: 4, end: 9 })).toEqual([span(0, 3), span(4, 9, "B")]);
  });

  it("end a word or a character further, and never vanish", () => {
    const tokens = [span(0, 3), span(4, 7), span(8, 9)];
    expect(byWord(tokens, span(0, 3), "end", 1)).toEqual({ start: 0, end: 7 });
    expect(byWord(tokens, span(0, 3), "end", -1)).toEqual({ start: 0, end: 3 });
    expect(byWord(tokens, span(4, 7), "start", -1)).toEqual({ start: 0, end: 7 });
    expect(byCharacter("a😀b", { start: 0, end: 1 }, "end", 1)).toEqual({ start: 0, end: 3 });
    expect(byCharacter("a😀b", { start: 0, end: 3 }, "end", -1)).toEqual({ start: 0, end: 1 });
    expect(byCharacter("a😀b", { start: 0, end: 1 }, "end", -1)).toEqual({ start: 0, end: 1 });
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

describe("spans at the borders of a text", () => {
  it("begin and end no further than it does", () => {
    const tokens = [span(0, 3), span(4, 7)];
    expect(byWord(tokens, span(4, 7), "end", 1)).toEqual({ start: 4, end: 7 });
    expect(byWord(tokens, span(0, 3), "start", -1)).toEqual({ start: 0, end: 3 });
    expect(byCharacter("ab", { start: 0, end: 2 }, "end", 1)).toEqual({ start: 0, end: 2 });
    expect(byCharacter("ab", { start: 0, end: 2 }, "start", -1)).toEqual({ start: 0, end: 2 });
  });

  it("never lose their last word", () => {
    expect(byWord([span(0, 3), span(4, 7)], span(0, 7), "start", 1)).toEqual({ start: 4, end: 7 });
    expect(byWord([span(0, 3), span(4, 7)], span(4, 7), "start", 1)).toEqual({ start: 4, end: 7 });
  });

  it("touch without crossing", () => {
    expect(putSpan([span(0, 3)], span(3, 5))).toEqual([span(0, 3), span(3, 5)]);
    expect(spansAt([span(0, 3)], 3)).toEqual([]);
  });

  it("are left as they were where resizing would leave nothing of them", () => {
    expect(resizeSpan([span(0, 3)], span(0, 3), { start: 2, end: 2 })).toEqual([span(0, 3)]);
  });

  it("that lie outside the text, as of an older one, cut nothing", () => {
    expect(cut(3, [span(1, 9)], [], []).map((each) => [each.start, each.end])).toEqual([[0, 3]]);
  });

  it("of a prediction lose their score once a person relabels them", () => {
    expect(relabel([{ ...span(0, 3), score: 0.5 }], span(0, 3), "B")).toEqual([span(0, 3, "B")]);
  });
});

describe("words of a search", () => {
  it("are found once each, next to each other and at both ends", () => {
    expect(findHits("fox fox", ["fox"])).toEqual([{ start: 0, end: 3 }, { start: 4, end: 7 }]);
    expect(findHits("über Größe", ["größe", ""])).toEqual([{ start: 5, end: 10 }]);
  });

  it("are not looked for where lower case has another length, since positions would be wrong", () => {
    expect("İstanbul".toLowerCase()).not.toHaveLength(8);
    expect(findHits("İstanbul fox", ["fox"])).toEqual([]);
  });
});
