import { describe, expect, it } from "vitest";

import { fitSelection, type KeyPress, resizeOf, spanCommand } from "./span-keys";

const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held });

describe("a key that resizes the span under the caret", () => {
  const words = { rtl: false, characters: false };
  const parts = { rtl: false, characters: true };

  it("moves the end by a word with Alt and an arrow, the start with Shift as well", () => {
    expect(resizeOf(press("ArrowRight", { altKey: true }), words)).toEqual({ by: "word", edge: "end", step: 1 });
    expect(resizeOf(press("ArrowLeft", { altKey: true, shiftKey: true }), words)).toEqual({ by: "word", edge: "start", step: -1 });
  });

  it("follows the direction of the text", () => {
    expect(resizeOf(press("ArrowRight", { altKey: true }), { ...words, rtl: true })?.step).toBe(-1);
    expect(resizeOf(press("ArrowLeft", { altKey: true }), { ...words, rtl: true })?.step).toBe(1);
  });

  it("moves by a character only where spans may be parts of words", () => {
    expect(resizeOf(press("."), parts)).toEqual({ by: "character", edge: "end", step: 1 });
    expect(resizeOf(press(","), parts)).toEqual({ by: "character", edge: "end", step: -1 });
    expect(resizeOf(press("."), words)).toBeNull();
  });

  it.each([[">", 1], [":", 1], ["<", -1], [";", -1]])("moves the start with Shift, which some keyboards print as %s", (key, step) => {
    expect(resizeOf(press(key, { shiftKey: true }), parts)).toEqual({ by: "character", edge: "start", step });
    expect(resizeOf(press(key), parts)?.edge).toBe("start");
  });

  it("is none that the browser or the page uses", () => {
    expect(resizeOf(press("ArrowRight"), parts)).toBeNull();
    expect(resizeOf(press("ArrowRight", { altKey: true, ctrlKey: true }), parts)).toBeNull();
    expect(resizeOf(press(".", { metaKey: true }), parts)).toBeNull();
    expect(resizeOf(press(".", { altKey: true }), parts)).toBeNull();
    expect(resizeOf(press("a"), parts)).toBeNull();
  });
});

describe("a key on the words under the caret", () => {
  const on = { action: undefined, isLabel: false, caret: true, predicted: false };

  it("labels them before it does anything else", () => {
    expect(spanCommand("1", { ...on, isLabel: true })).toBe("label");
  });

  it.each([["Delete", "remove"], ["Backspace", "remove"], [" ", "accept"], ["Escape", "leave"]])("%j means %s", (key, command) => {
    expect(spanCommand(key, on)).toBe(command);
  });

  it("rejects a prediction only where one lies, so that elsewhere the page rejects them all", () => {
    expect(spanCommand("x", { ...on, action: "reject", predicted: true })).toBe("reject");
    expect(spanCommand("x", { ...on, action: "reject" })).toBeNull();
  });

  it("opens the popup to find a label", () => {
    expect(spanCommand("l", { ...on, action: "find-label" })).toBe("open-popup");
    expect(spanCommand("Enter", { ...on, action: "submit" })).toBeNull();
  });

  it("does nothing without a caret but leave the text", () => {
    const off = { ...on, caret: false, isLabel: true, predicted: true };
    expect(["1", "Delete", " ", "x"].map((key) => spanCommand(key, off))).toEqual([null, null, null, null]);
    expect(spanCommand("Escape", off)).toBe("leave");
  });
});

describe("what is selected with the mouse", () => {
  const text = "Ada met Ben";
  const tokens = [{ start: 0, end: 3 }, { start: 4, end: 7 }, { start: 8, end: 11 }];

  it("grows to whole words", () => {
    expect(fitSelection(text, tokens, { start: 1, end: 5 }, false)).toEqual({ start: 0, end: 7 });
  });

  it("stays as it is where parts of words are meant, but for blanks at its ends", () => {
    expect(fitSelection(text, tokens, { start: 1, end: 2 }, true)).toEqual({ start: 1, end: 2 });
    expect(fitSelection(text, tokens, { start: 3, end: 8 }, true)).toEqual({ start: 4, end: 7 });
  });

  it("is nothing where it holds blanks only", () => {
    expect(fitSelection(text, tokens, { start: 3, end: 4 }, true)).toBeNull();
    expect(fitSelection(text, tokens, { start: 3, end: 4 }, false)).toBeNull();
  });
});
