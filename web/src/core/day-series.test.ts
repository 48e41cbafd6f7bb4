import { expect, it } from "vitest";

import { beside, seriesOf } from "./day-series";

const row = (annotator: string, from: string, answers: number) => ({ annotator, from, answers });

it("adds up day by day, with the days between and one before", () => {
  expect(seriesOf([row("ben", "2026-03-03", 2), row("ana", "2026-03-01", 5), row("ana", "2026-03-03", 1)])).toEqual({
    days: ["2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03"],
    series: [{ name: "ana", values: [0, 5, 5, 6] }, { name: "ben", values: [0, 0, 0, 2] }],
  });
});

it("shows the last days of a long time, and loses nothing of what came before", () => {
  const { days, series } = seriesOf([row("ana", "2025-01-01", 7), row("ana", "2026-01-01", 1)]);
  expect([days.length, series[0]?.values[0], series[0]?.values.at(-1)]).toEqual([90, 7, 8]);
});

it("has no days where there are no answers", () => {
  expect(seriesOf([])).toEqual({ days: [], series: [] });
});

it("puts lines beside each other on the days on which they are equal", () => {
  expect(beside([[0, 5], [0, 3], [0, 5]])).toEqual([[-3, -1.5], [0, 0], [3, 1.5]]);
  expect(beside([[1, 2]])).toEqual([[0, 0]]);
});

it("keeps many equal lines close to their value", () => {
  const moved = beside(Array.from({ length: 30 }, () => [4])).flat();
  expect(new Set(moved).size).toBe(30);
  expect(Math.max(...moved.map(Math.abs))).toBeLessThanOrEqual(6);
});
