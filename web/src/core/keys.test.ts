import { describe, expect, it } from "vitest";

import { actionOf, bind, bindingsOf, KEYS, labelKeys, mayBind } from "./keys";

describe("keys", () => {
  it("are as they come where nothing, or nonsense, was chosen", () => {
    expect(bindingsOf({})).toEqual(KEYS);
    expect(bindingsOf({ discard: "x", nonsense: ["q"], next: ["1", "Tab"] })).toEqual({ ...KEYS, next: [] });
  });

  it("go from one action to another, but those with Ctrl stay", () => {
    const mine = bind(KEYS, "submit", "d");
    expect(mine.submit).toEqual(["d", "Mod+Enter"]);
    expect(mine.discard).toEqual([]);
    expect(actionOf("d", mine)).toBe("submit");
    expect(bind(KEYS, "undo", "k").undo).toEqual(["Mod+z", "k"]);
  });

  it("that move the caret or choose labels cannot be chosen", () => {
    expect(["1", "ArrowLeft", "Escape", " ", "Tab", "Alt+x"].filter(mayBind)).toEqual([]);
    expect(["q", "Mod+b", "PageDown", ";"].filter(mayBind)).toHaveLength(4);
  });

  it("of labels are what the dataset says, unless an action has them, else their place", () => {
    const labels = [{ shortcut: "q" }, {}, { shortcut: "d" }, { shortcut: "Q" }, { shortcut: "1" }, {}];
    expect(labelKeys(labels, KEYS)).toEqual(["q", "2", "3", "4", "1", "6"]);
    expect(labelKeys(Array.from({ length: 12 }, () => ({})), KEYS).slice(8)).toEqual(["9", "0", "b", "e"]);
    expect(labelKeys(Array.from({ length: 34 }, () => ({})), KEYS).slice(20)).toEqual(["y", "z", ...[..."1234567890"].map((each) => `Shift+${each}`), undefined, undefined]);
    expect(labelKeys(Array.from({ length: 12 }, () => ({})), KEYS, false).slice(9)).toEqual(["0", undefined, undefined]);
  });
});
