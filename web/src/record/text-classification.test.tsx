// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";

import { readRecord } from "@/core/wire";

import { TextClassification } from "./text-classification";

function show(labels: string[], onPick = vi.fn()) {
  const options = labels.map((name) => ({ name, hue: 200 }));
  const record = readRecord(
    { id: "1", inputs: { text: "x" }, prediction: { agent: "m", labels: [{ class: labels[1] ?? "", score: 0.7 }] } },
    "TextClassification",
  );
  render(
    <MantineProvider>
      <TextClassification
        edit={{ record, now: record.answer, saved: record.answer }}
        labels={{ options, overlapping: false,
  characters: false, loaded: true, pending: false, hue: () => 200, with: () => options }}
        onPick={onPick}
        active
        roomy
      />
    </MantineProvider>,
  );
  return onPick;
}

it("shows a prediction with its score, and not as chosen", () => {
  show(["good", "bad"]);
  const bad = screen.getByRole("button", { name: /bad/ });
  expect(bad.textContent).toContain("70");
  expect(bad.getAttribute("aria-pressed")).toBe("false");
});

it("finds one of a thousand labels by typing, and shows but a few at a time", async () => {
  const onPick = show(Array.from({ length: 1000 }, (_, n) => `label ${String(n)}`));
  expect(screen.getAllByRole("button").length).toBeLessThan(40);
  await userEvent.type(screen.getByRole("textbox", { name: "Find a label" }), "label 987{Enter}");
  expect(onPick).toHaveBeenCalledWith("label 987");
});
