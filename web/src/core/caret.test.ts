import { describe, expect, it } from "vitest";

import { type Caret, caretRange, type CaretMove, isSingleWord, movedCaret, moveOf, nearestOnNextLine } from "./caret";

const TOKENS = [{ start: 0, end: 3 }, { start: 4, end: 7 }, { start: 8, end: 12 }];

describe("the stretch under a caret", () => {
  it("is its word", () => {
    expect(caretRange(TOKENS, { anchor: 1, focus: 1 })).toEqual({ start: 4, end: 7 });
  });

  it("reaches from the first word to the last, whichever way it was extended", () => {
    expect(caretRange(TOKENS, { anchor: 0, focus: 2 })).toEqual({ start: 0, end: 12 });
    expect(caretRange(TOKENS, { anchor: 2, focus: 0 })).toEqual({ start: 0, end: 12 });
  });

  it("is nothing without a caret, or where the text has no such word", () => {
    expect(caretRange(TOKENS, null)).toBeNull();
    expect(caretRange([], { anchor: 0, focus: 0 })).toBeNull();
  });

  it("is a single word only where both ends are on it", () => {
    expect(isSingleWord({ anchor: 1, focus: 1 })).toBe(true);
    expect(isSingleWord({ anchor: 1, focus: 2 })).toBe(false);
    expect(isSingleWord(null)).toBe(false);
  });
});

describe("keys that lead the caret", () => {
  it.each([
    ["ArrowRight", "next"], ["ArrowLeft", "previous"], ["Home", "first"], ["End", "last"], ["ArrowDown", "down"], ["ArrowUp", "up"],
  ])("%s leads to the %s word", (key, move) => {
    expect(moveOf(key, false)).toBe(move);
  });

  it("follow the direction of the text", () => {
    expect(moveOf("ArrowRight", true)).toBe("previous");
    expect(moveOf("ArrowLeft", true)).toBe("next");
    expect(moveOf("ArrowDown", true)).toBe("down");
  });

  it("are no others", () => {
    expect(["a", "Enter", "PageDown", "Delete"].map((key) => moveOf(key, false))).toEqual([null, null, null, null]);
  });
});

describe("a caret that moves", () => {
  const moved = (caret: Caret | null, move: CaretMove, extend = false) =>
    movedCaret(caret, move, extend, { count: 3, entry: () => 2, lineAway: (from, step) => from + 10 * step });

  it("enters where the selection is, not at the beginning", () => {
    expect(moved(null, "next")).toEqual({ anchor: 2, focus: 2 });
    expect(moved(null, "previous")).toEqual({ anchor: 2, focus: 2 });
  });

  it("stops at both ends of the text", () => {
    expect(moved({ anchor: 2, focus: 2 }, "next").focus).toBe(2);
    expect(moved({ anchor: 0, focus: 0 }, "previous").focus).toBe(0);
  });

  it("takes one word at a time, or goes to the ends", () => {
    const caret = { anchor: 1, focus: 1 };
    expect(moved(caret, "next").focus).toBe(2);
    expect(moved(caret, "previous").focus).toBe(0);
    expect(moved(caret, "first").focus).toBe(0);
    expect(moved(caret, "last").focus).toBe(2);
  });

  it("goes on from its moving end, a line up or down", () => {
    expect(moved({ anchor: 0, focus: 1 }, "down").focus).toBe(11);
    expect(moved({ anchor: 0, focus: 1 }, "up").focus).toBe(-9);
  });

  it("leaves its anchor where it was while it is extended, and takes it along otherwise", () => {
    expect(moved({ anchor: 0, focus: 1 }, "next", true)).toEqual({ anchor: 0, focus: 2 });
    expect(moved({ anchor: 0, focus: 1 }, "next")).toEqual({ anchor: 2, focus: 2 });
    expect(moved(null, "last", true)).toEqual({ anchor: 2, focus: 2 });
  });
});

describe("the word a line away", () => {
  // three lines of words, each 20 high
  const points = [[0, 0], [50, 0], [100, 0], [0, 20], [60, 21], [110, 20], [0, 40], [50, 40]].map(([left = 0, top = 0]) => ({ left, top }));
  const away = (from: number, step: 1 | -1) => nearestOnNextLine(from, step, points.length, (word) => points[word] ?? { left: 0, top: 0 });

  it("is the nearest one of the next line", () => {
    expect(away(1, 1)).toBe(4);
    expect(away(2, 1)).toBe(5);
    expect(away(4, -1)).toBe(1);
  });

  it("is never one of a line beyond, though it lies nearer", () => {
    expect(away(0, 1)).toBe(3);
    expect(away(7, -1)).toBe(4);
  });

  it("is the same word on the first and on the last line", () => {
    expect(away(1, -1)).toBe(1);
    expect(away(7, 1)).toBe(7);
  });
});
