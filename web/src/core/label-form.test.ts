import { expect, it } from "vitest";

import { hueOfColour } from "./colours";
import { hexOfHue } from "./hex";
import { type FormLabel, type LabelContent, labelProblems, mergedLabels, moved, sameLabels } from "./label-form";

const label = (name: string, shortcut = ""): FormLabel => ({ key: 0, stored: name, name, description: "", colour: "", shortcut });

it("refuses labels without a name, names and keys that are there twice", () => {
  expect(labelProblems([label("a", "x"), label("b", "y")])).toBeNull();
  expect(labelProblems([label("a"), label(" ")])).toEqual({ kind: "empty" });
  expect(labelProblems([label("a"), label("a ")])).toEqual({ kind: "twice", name: "a" });
  expect(labelProblems([label("a", "x"), label("b", "X")])).toEqual({ kind: "keyTwice", shortcut: "X", one: "a", other: "b" });
});

it("moves within bounds", () => {
  expect(moved(["a", "b", "c"], 2, 0)).toEqual(["c", "a", "b"]);
  expect(moved(["a", "b", "c"], 0, -1)).toEqual(["a", "b", "c"]);
});

it("a picked colour has the hue it was made from", () => {
  for (const hue of [20, 110, 200, 320]) expect(Math.abs((hueOfColour(hexOfHue(hue)) ?? 0) - hue)).toBeLessThan(6);
});

it("takes labels for the same that would be stored the same, in this order", () => {
  expect(sameLabels([label("a"), label("b")], [{ ...label("a"), key: 7, stored: "" }, label("b")])).toBe(true);
  expect(sameLabels([label("a"), label("b")], [label("b"), label("a")])).toBe(false);
  expect(sameLabels([label("a")], [{ ...label("a"), colour: "#d9480f" }])).toBe(false);
});

const content = (name: string, colour = ""): LabelContent => ({ name, description: "", colour, shortcut: "" });
const names = (labels: readonly LabelContent[]) => labels.map((each) => each.name);

it("keeps what others changed since the labels were edited", () => {
  const before = [content("a"), content("b"), content("c")];
  const mine = [label("b"), { ...label("a"), colour: "#111111" }, { ...label("new"), stored: "" }]; // the order, a colour, one more, and one less
  const others = [{ ...content("a"), description: "theirs" }, content("c"), content("d")]; // a description, one less, and one more
  const merged = mergedLabels(mine, before, others);
  expect(names(merged)).toEqual(["a", "new", "d"]);
  expect(merged[0]).toMatchObject({ colour: "#111111", description: "theirs" });
});

it("keeps a label that somebody else deleted if it was edited here, and adds one of the same name once", () => {
  const before = [content("a")];
  expect(names(mergedLabels([{ ...label("a"), colour: "#111111" }], before, []))).toEqual(["a"]);
  expect(names(mergedLabels([label("a"), { ...label("d "), stored: "" }], before, [content("a"), content("d")]))).toEqual(["a", "d "]);
});

it("changes nothing but what was edited where nobody else did anything", () => {
  const before = [content("a"), content("b")];
  expect(names(mergedLabels([{ ...label("a"), name: "renamed" }], before, before))).toEqual(["renamed"]);
});
