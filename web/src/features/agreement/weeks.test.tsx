// @vitest-environment jsdom
import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";

import type { Figure } from "@/api/agreement";

import { beginOf } from "./scale";
import { Line } from "./weeks";

const figure = (week: string, estimate: number | null): Figure => ({
  measure: "alpha", estimate, low: estimate === null ? null : estimate - 0.1, high: estimate === null ? null : estimate + 0.1,
  level: 0.95, records: 9, annotators: 2, answers: 18, query: "", week, why: estimate === null ? "not enough shared records" : null,
});
test("a line joins the weeks that have a figure, and says them in words", () => {
  render(<Line figures={[figure("2026-W46", 0.5), figure("2026-W47", null), figure("2026-W48", 0.7)]} />);
  const line = screen.getByRole("img", { name: /2026-W46: 0.50 \(0.40 – 0.60\); 2026-W47: n\/a; 2026-W48: 0.70/ });
  expect(line.querySelectorAll("circle")).toHaveLength(2);
});

test("a scale begins below zero only where a figure reaches there, and never below minus one", () => {
  expect(beginOf([figure("w", 0.7)])).toBe(0);
  expect(beginOf([figure("w", -0.2)])).toBe(-0.5);
  expect(beginOf([figure("w", -3)])).toBe(-1);
});
