import { expect, it } from "vitest";

import { spanOf } from "@/testing/records";

import { changesInWords } from "./use-spoken-spans";

const TEXT = "Ada met Ben";
const [ADA, BEN] = [spanOf(0, 3), spanOf(8, 11)];

it("says what was marked, and what was removed", () => {
  expect(changesInWords([], [ADA], TEXT)).toMatch(/Ada.*PER|PER.*Ada/);
  expect(changesInWords([ADA, BEN], [BEN], TEXT)).toMatch(/Ada/);
  expect(changesInWords([ADA, BEN], [BEN], TEXT)).not.toMatch(/Ben/);
  expect(changesInWords([ADA], [], TEXT)).not.toBe(changesInWords([], [ADA], TEXT));
});

it("says of a span that was changed only what it is now", () => {
  expect(changesInWords([ADA], [spanOf(0, 3, "LOC")], TEXT)).toBe(changesInWords([], [spanOf(0, 3, "LOC")], TEXT));
  expect(changesInWords([ADA], [spanOf(0, 7)], TEXT)).toBe(changesInWords([], [spanOf(0, 7)], TEXT));
});

it("says nothing where nothing changed", () => {
  expect(changesInWords([ADA], [{ ...ADA }], TEXT)).toBe("");
});
