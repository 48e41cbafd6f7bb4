import { describe, expect, it } from "vitest";

import { locateTokens, Offsets, snap, tokenAt } from "./offsets";
import cases from "./offsets.cases.json";

describe.each(cases)("$about", ({ text, tokens, points, units }) => {
  const offsets = new Offsets(text);

  it("finds tokens where Python finds them", () => {
    expect(locateTokens(text, tokens)).toEqual(units.map(([start, end]) => ({ start, end })));
  });

  it("converts both ways", () => {
    expect(points.map((pair) => pair.map((each) => offsets.toUnits(each)))).toEqual(units);
    expect(units.map((pair) => pair.map((each) => offsets.toPoints(each)))).toEqual(points);
  });

  it("agrees with counting, at every position", () => {
    for (let at = 0; at <= text.length; at++) {
      const inside = at > 0 && (text.codePointAt(at - 1) ?? 0) > 0xffff;
      if (!inside) expect(offsets.toPoints(at)).toBe([...text.slice(0, at)].length);
      else expect(offsets.toPoints(at)).toBe([...text.slice(0, at - 1)].length);
    }
  });
});

const TOKENS = [{ start: 0, end: 3 }, { start: 4, end: 7 }, { start: 8, end: 12 }];

describe("a selection", () => {
  it.each([
    [{ start: 1, end: 2 }, { start: 0, end: 3 }],
    [{ start: 2, end: 5 }, { start: 0, end: 7 }],
    [{ start: 3, end: 8 }, { start: 4, end: 7 }],
    [{ start: 0, end: 12 }, { start: 0, end: 12 }],
  ])("%o grows to whole tokens", (selected, wanted) => {
    expect(snap(TOKENS, selected)).toEqual(wanted);
  });

  it("between tokens touches none", () => {
    expect(snap(TOKENS, { start: 3, end: 4 })).toBeNull();
    expect(snap(TOKENS, { start: 12, end: 12 })).toBeNull();
  });

  it("behind the last token means the last", () => {
    expect(tokenAt(TOKENS, 50)).toBe(2);
  });
});
