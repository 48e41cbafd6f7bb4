// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";

import type { Figure } from "@/api/agreement";

import { Caution, CautionNote, CautionSign } from "./caution";

const figure = (caution: string | null): Figure => ({
  measure: "alpha", estimate: 0.5, low: 0.1, high: 0.8, level: 0.95, records: 40, annotators: 2, answers: 80, query: "",
  caution, caution_why: caution ? "only 3 of the shared records have another label" : null,
});

test("a figure that is not to be trusted says so in words", () => {
  render(<MantineProvider><Caution figure={figure("few_other_labels")} /></MantineProvider>);
  expect(screen.getByRole("alert").textContent).toBe("Caution: only 3 of the shared records have another label.");
});

test("signs in a table have their words, and each kind is explained once", () => {
  const figures = [figure("few_spans"), figure(null), figure("few_spans"), figure("unheard_of")];
  render(<>{figures.map((each, place) => <CautionSign key={place} figure={each} />)}<CautionNote figures={figures} /></>);
  expect(screen.getAllByRole("img", { name: /only 3 of the shared records/ })).toHaveLength(3);
  expect(screen.getAllByText(/the true value may lie outside/i)).toHaveLength(2);
});
