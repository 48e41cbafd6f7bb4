import { expect, it } from "vitest";

import { hueOfColour } from "./colours";
import { hexOfHue } from "./hex";
import { type FormLabel, moved, labelProblems, sameLabels } from "./label-form";

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
