import { describe, expect, it } from "vitest";

import { type ActionName, actionOf, ACTIONS, bind, bindingsOf, isScreenAction, keyOf, KEYS, labelKeys, labelNumber, mayBind, printKey } from "./keys";

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

describe("a key that was pressed", () => {
  const press = (key: string, held: Partial<Record<"ctrlKey" | "metaKey" | "shiftKey" | "altKey", boolean>> = {}) =>
    keyOf({ key, ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...held });

  it("is the same with Ctrl as with Cmd, and in upper case", () => {
    expect([press("z", { ctrlKey: true }), press("z", { metaKey: true }), press("Z")]).toEqual(["Mod+z", "Mod+z", "z"]);
    expect(press("Enter")).toBe("Enter");
  });

  it("counts Shift only beside Ctrl, since it changes what other keys print", () => {
    expect(press("Z", { ctrlKey: true, shiftKey: true })).toBe("Mod+Shift+z");
    expect(press("?", { shiftKey: true })).toBe("?");
  });

  it("with Alt is never an action", () => {
    expect(actionOf(press("n", { altKey: true }))).toBeUndefined();
    expect(actionOf(press("n"))).toBe("next");
  });

  it("of an action that is about the screen is told from one about a record", () => {
    expect(["search", "help", "predictions"].every((each) => isScreenAction(each as ActionName))).toBe(true);
    expect(["submit", "accept", "undo", "skip"].some((each) => isScreenAction(each as ActionName))).toBe(false);
  });

  it("by default does one thing only", () => {
    const all = ACTIONS.flatMap((name) => KEYS[name]);
    expect(new Set(all).size).toBe(all.length);
    expect(all.filter((key) => !mayBind(key))).toEqual([]);
  });
});

it("digits stand for places, zero for the tenth", () => {
  expect(["1", "9", "0", "a", "10", ""].map(labelNumber)).toEqual([0, 8, 9, undefined, undefined, undefined]);
});

it("keys are printed as keyboards print them", () => {
  expect(["Mod+Shift+z", "PageDown", "Enter", " ", "a"].map((key) => printKey(key, false))).toEqual(["Ctrl+Shift+Z", "Page ↓", "↵", "Space", "A"]);
  expect(printKey("Mod+z", true)).toBe("⌘Z");
});
