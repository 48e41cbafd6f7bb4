import { expect, test } from "vitest";

import { barsOf } from "./histogram";

test("each score counts in the bar it lies in, the highest in the last one", () => {
  expect(barsOf({ "0.0": 1, "0.249": 2, "0.25": 4, "0.999": 8, "1.0": 16 }, 4)).toEqual([3, 4, 0, 24]);
});

test("a score at the border of two bars counts in the upper one", () => {
  const bars = barsOf({ "0.29": 1, "0.57": 1, "0.58": 1 }, 100);
  expect([29, 57, 58].map((at) => bars[at])).toEqual([1, 1, 1]);
});

test("scores outside of 0 and 1 are not lost", () => {
  expect(barsOf({ "-0.5": 1, "7.25": 2 }, 2)).toEqual([1, 2]);
});
