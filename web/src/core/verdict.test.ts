import { expect, it } from "vitest";

import { verdictOf } from "./verdict";

it("says what a figure is commonly taken for", () => {
  expect([-0.2, 0, 0.35, 0.66, 0.667, 0.79, 0.8, 1].map((each) => verdictOf("alpha", each))).toEqual(["chance", "chance", "low", "low", "tentative", "tentative", "good", "good"]);
});

it("says nothing where there are no usual bars", () => {
  expect([verdictOf("percent", 0.3), verdictOf("span_f1", 0.9)]).toEqual([null, null]);
});
