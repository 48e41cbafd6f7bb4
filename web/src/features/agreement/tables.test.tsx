// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { render, screen, within } from "@testing-library/react";
import type { ReactNode } from "react";
import { expect, it, vi } from "vitest";

import type { Figure } from "@/api/agreement";
import { SHARED } from "@/testing/records";

import { Figures } from "./figures";
import { Matrix } from "./matrix";
import { Scale } from "./scale";

interface LinkProps {
  readonly children: ReactNode;
  readonly search: { q: string };
}
vi.mock("@tanstack/react-router", () => ({ Link: ({ children, search }: LinkProps) => <a href={`#${search.q}`}>{children}</a> }));

const figure = (part: Partial<Figure>): Figure => ({
  measure: "alpha", estimate: 0.5, low: 0.4, high: 0.6, level: 0.95, records: 1200, annotators: 2, answers: 18, query: "all", ...part,
});
const show = (what: ReactNode) => render(<MantineProvider>{what}</MantineProvider>);
const rows = () => screen.getAllByRole("row").map((each) => within(each).queryAllByRole("cell").map((cell) => cell.textContent));

it("shows each pair of people once, whichever way round it was counted", () => {
  show(<Matrix dataset={SHARED} figures={[figure({ pair: ["ben", "ana"], estimate: 0.9 }), figure({ pair: ["cy", "ana"], estimate: 0.3 }), figure({ pair: ["ben", "cy"], estimate: null, why: "too few" })]} />);
  expect(screen.getAllByRole("columnheader").map((each) => each.textContent)).toEqual(["ana", "ben"]);
  expect(screen.getAllByRole("rowheader").map((each) => each.textContent)).toEqual(["ben", "cy"]);
  const [, ben, cy] = rows();
  expect(ben?.[0]).toContain("0.90");
  expect(ben?.[1]).toBe("");
  expect(cy?.[0]).toContain("0.30");
  expect(cy?.[1]).not.toMatch(/0\.\d\d/);
});

it("says of two people who share no record that they share none", () => {
  show(<Matrix dataset={SHARED} figures={[figure({ pair: ["ana", "ben"] }), figure({ pair: ["ben", "cy"] })]} />);
  const [, , cy] = rows();
  expect(cy?.[0]).not.toMatch(/\d/);
  expect(cy?.[0]).not.toBe("");
});

it("opens the records behind a figure", () => {
  show(<Matrix dataset={SHARED} figures={[figure({ pair: ["ana", "ben"], query: "answered_by:ana" })]} />);
  expect(screen.getByRole("link").getAttribute("href")).toBe("#answered_by:ana");
});

it("lists figures by name, with why one has none, and the numbers of records as people write them", () => {
  show(<Figures dataset={SHARED} head="Label" nameOf={(each) => each.label ?? ""} figures={[figure({ label: "good" }), figure({ label: "bad", estimate: null, why: "never chosen" })]} />);
  expect(screen.getAllByRole("rowheader").map((each) => each.textContent)).toEqual(["good", "bad"]);
  const [, good, bad] = rows();
  expect(good?.join(" ")).toContain("0.50 (0.40 – 0.60)");
  expect(good?.join(" ")).toContain("1,200");
  expect(bad?.join(" ")).toContain("never chosen");
});

it("draws an interval from its low to its high end, and nothing without an estimate", () => {
  const { container, rerender } = render(<Scale figure={figure({})} />);
  const styles = () => [...container.querySelectorAll<HTMLElement>("span")].map((each) => each.style.cssText);
  expect(styles()[0]).toContain("width: 20%");
  expect(styles()).toHaveLength(2);
  rerender(<Scale figure={figure({})} from={-1} />);
  expect(styles()).toHaveLength(3); // with a mark at zero
  rerender(<Scale figure={figure({ estimate: null })} />);
  expect(styles()).toEqual([]);
});
