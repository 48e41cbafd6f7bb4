import { expect, it } from "vitest";

import type { Figure } from "@/api/agreement";

import { nameOf, share, short, two } from "./numbers";

const figure = (estimate: number | null, low: number | null = null, high: number | null = null): Figure => ({ measure: "alpha", estimate, low, high, level: 0.95, records: 9, annotators: 2, answers: 18, query: "" });

it("prints two digits with a minus that is one, and none before zero", () => {
  expect([two(0.666), two(1), two(-0.25), two(-0.001)]).toEqual(["0.67", "1.00", "−0.25", "0.00"]);
});

it("prints an estimate with its interval where it has one", () => {
  expect(short(figure(0.5, 0.4, 0.6))).toBe("0.50 (0.40 – 0.60)");
  expect(short(figure(0.5))).toBe("0.50");
  expect(short(figure(0.5, 0.4))).toBe("0.50");
  expect(short(figure(null))).not.toMatch(/\d/);
});

it("places a value on a scale, and nothing beyond its ends", () => {
  expect([share(0), share(0.5), share(1), share(2), share(-1)]).toEqual([0, 50, 100, 100, 0]);
  expect([share(-1, -1), share(0, -1), share(1, -1)]).toEqual([0, 50, 100]);
});

it("names measures for people, and shows the code of one it does not know", () => {
  expect(nameOf("new_measure")).toBe("new_measure");
});
