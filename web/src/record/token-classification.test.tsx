// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { beforeEach, describe, expect, it } from "vitest";

import type { Span } from "@/core/model";
import { draftOf, editOf, predictionOf, spanOf, tokenRecordOf } from "@/testing/records";

import { select } from "./text-selection";
import { TokenClassification } from "./token-classification";
import type { LabelSet } from "./use-labels";

const LABELS = [{ name: "PER", hue: 20, key: "1" }, { name: "LOC", hue: 200, key: "2" }];
const ADA = spanOf(0, 3);

interface Shown {
  readonly spans?: readonly Span[];
  readonly suggestions?: readonly Span[];
  readonly armed?: string;
  readonly characters?: boolean;
  readonly labels?: typeof LABELS;
}

describe("a text whose words are marked", () => {
  let changes: (readonly Span[])[];
  let rejected: (readonly Span[])[];
  beforeEach(() => {
    changes = [];
    rejected = [];
    const box = new DOMRect(10, 200, 30, 20);
    Range.prototype.getClientRects = () => [box] as unknown as DOMRectList; // nothing is laid out in jsdom
    Range.prototype.getBoundingClientRect = () => box;
  });

  function show({ spans = [], suggestions = [], armed, characters = false, labels = LABELS }: Shown = {}): HTMLElement {
    const record = tokenRecordOf("Ada met Ben", { suggestions: [predictionOf({ spans: suggestions })] });
    const set: LabelSet = { options: labels, overlapping: false, characters, loaded: true, pending: false, hue: () => 20, with: () => labels };
    function Marking() {
      const [value, setValue] = useState({ spans });
      const change = (next: readonly Span[]) => {
        changes.push(next);
        setValue({ spans: next });
      };
      return (
        <TokenClassification
          edit={editOf(record, draftOf(value))}
          labels={set}
          active
          armed={armed ?? null}
          onChange={change}
          onReject={(gone) => rejected.push(gone)}
        />
      );
    }
    render(<MantineProvider><Marking /></MantineProvider>);
    return screen.getByRole("textbox", { name: "Text" });
  }

  /** Select with the mouse, as a browser does it. */
  function mark(text: HTMLElement, start: number, end: number, options: { altKey?: boolean } = {}) {
    fireEvent.mouseDown(text);
    select(text, { start, end });
    fireEvent.mouseUp(text, options);
  }

  it("has the focus at once, so that keys mark without a click", () => {
    const text = show();
    expect(document.activeElement).toBe(text);
  });

  it("labels the word under the caret by the key of a label", async () => {
    show();
    await userEvent.keyboard("{Home}2");
    expect(changes).toEqual([[spanOf(0, 3, "LOC")]]);
  });

  it("labels several words that Shift and arrows hold", async () => {
    show();
    await userEvent.keyboard("{Home}{Shift>}{ArrowRight}{ArrowRight}{/Shift}1");
    expect(changes).toEqual([[spanOf(0, 11)]]);
  });

  it("changes the label of the span that the caret stands in", async () => {
    show({ spans: [spanOf(0, 7)] });
    await userEvent.keyboard("{Home}2");
    expect(changes).toEqual([[spanOf(0, 7, "LOC")]]);
  });

  it("keeps the caret on its words when these are drawn anew", async () => {
    show();
    await userEvent.keyboard("{Home}{ArrowRight}1");
    expect(window.getSelection()?.toString()).toBe("met");
    await userEvent.keyboard("2");
    expect(changes).toEqual([[spanOf(4, 7)], [spanOf(4, 7, "LOC")]]);
  });

  it("removes the span under the caret, and does nothing without a caret", async () => {
    show({ spans: [ADA] });
    await userEvent.keyboard("{Delete}");
    expect(changes).toEqual([]);
    await userEvent.keyboard("{Home}{Delete}");
    expect(changes).toEqual([[]]);
  });

  it("takes over a prediction with the space bar, and puts one aside with its key", async () => {
    show({ suggestions: [ADA] });
    await userEvent.keyboard("{Home}x");
    expect(rejected).toEqual([[ADA]]);
    await userEvent.keyboard(" ");
    expect(changes).toEqual([[ADA]]);
  });

  it("moves the end of a span by a word with Alt and an arrow", async () => {
    show({ spans: [ADA] });
    await userEvent.keyboard("{Home}{Alt>}{ArrowRight}{/Alt}");
    expect(changes).toEqual([[spanOf(0, 7)]]);
  });

  it("moves it by a character only where spans may be parts of words", async () => {
    show({ spans: [spanOf(0, 7)] });
    await userEvent.keyboard("{Home},");
    expect(changes).toEqual([]);
  });

  it("forgets the caret with Escape", async () => {
    show();
    await userEvent.keyboard("{Home}{Escape}1");
    expect(changes).toEqual([]);
  });

  it("gives a selection the armed label at once, on whole words", () => {
    mark(show({ armed: "LOC" }), 1, 5);
    expect(changes).toEqual([[spanOf(0, 7, "LOC")]]);
  });

  it("gives it the only label there is", () => {
    mark(show({ labels: LABELS.slice(0, 1) }), 8, 10);
    expect(changes).toEqual([[spanOf(8, 11)]]);
  });

  it("marks a part of a word with Alt, where the dataset allows that", () => {
    mark(show({ armed: "PER", characters: true }), 0, 2, { altKey: true });
    expect(changes).toEqual([[spanOf(0, 2)]]);
  });

  it("asks for the label of a selection in a popup, and puts it there", async () => {
    mark(show(), 0, 3);
    expect(changes).toEqual([]);
    await userEvent.click(screen.getByRole("option", { name: /LOC/ }));
    expect(changes).toEqual([[spanOf(0, 3, "LOC")]]);
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("opens the popup of a span that is clicked, to relabel or to remove it", async () => {
    const text = show({ spans: [ADA] });
    mark(text, 1, 1);
    await userEvent.keyboard("2");
    expect(changes).toEqual([[spanOf(0, 3, "LOC")]]);
    mark(text, 1, 1);
    await userEvent.click(within(screen.getByRole("dialog")).getByRole("button"));
    expect(changes[1]).toEqual([]);
  });

  it("takes over a prediction that is clicked", () => {
    mark(show({ suggestions: [ADA] }), 1, 1);
    expect(changes).toEqual([[ADA]]);
  });

  it("goes on with the caret where it was once the popup is closed", async () => {
    const text = show();
    await userEvent.keyboard("{Home}{ArrowRight}l");
    expect(screen.getByRole("dialog").getAttribute("aria-label")).toContain("met");
    await userEvent.keyboard("{Escape}");
    expect(document.activeElement).toBe(text);
    await userEvent.keyboard("1");
    expect(changes).toEqual([[spanOf(4, 7)]]);
  });

  it("lists spans and predictions for whoever cannot point at the text", async () => {
    show({ spans: [ADA], suggestions: [spanOf(8, 11, "LOC")] });
    const items = screen.getAllByRole("listitem");
    expect(items.map((each) => each.textContent)).toEqual([expect.stringContaining("Ada PER"), expect.stringContaining("Ben LOC")]);
    await userEvent.click(screen.getByRole("button", { name: /Ben LOC/ }));
    expect(changes).toEqual([[ADA, spanOf(8, 11, "LOC")]]);
  });
});
