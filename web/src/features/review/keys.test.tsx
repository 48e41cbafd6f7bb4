// @vitest-environment jsdom
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";

import { bind, KEYS, labelKeys } from "@/core/keys";
import { AnnotatorSettingsContext } from "@/record/annotator-settings";

import { actionFor, reviewBindings, reviewKeys, useReviewKeys } from "./keys";

describe("keys of the review page", () => {
  let done: (string | number)[];
  beforeEach(() => { done = []; });

  function Page() {
    useReviewKeys((action) => done.push(action), (key) => /\d/.test(key) && done.push(key) > 0);
    return (
      <>
        <button type="button">Button</button>
        <textarea aria-label="text" />
        <div role="dialog" aria-label="dialog">
          <button type="button">Inside</button>
        </div>
      </>
    );
  }

  it("do what they say, and offer what is no action, digits with Shift by their place", async () => {
    render(<Page />);
    await userEvent.keyboard("dnw3{Escape}q");
    window.dispatchEvent(new KeyboardEvent("keydown", { key: "$", code: "Digit4", shiftKey: true }));
    expect(done).toEqual(["unusable", "next", "names", "3", "leave", "Shift+4"]);
  });

  it("leave what is typed alone, but for saving with Ctrl and Enter", async () => {
    render(<Page />);
    await userEvent.type(screen.getByLabelText("text"), "dn1");
    await userEvent.keyboard("{Control>}{Enter}{/Control}");
    expect(done).toEqual(["save"]);
  });

  it("leave Enter to a button, and everything to a dialog", async () => {
    render(<Page />);
    screen.getByRole("button", { name: "Button" }).focus();
    await userEvent.keyboard("{Enter}");
    screen.getByRole("button", { name: "Inside" }).focus();
    await userEvent.keyboard("dn1");
    expect(done).toEqual([]);
  });

  it("are those that somebody chose for annotating", async () => {
    const bindings = bind(KEYS, "discard", "b");
    render(<AnnotatorSettingsContext value={{ bindings, hidden: false }}><Page /></AnnotatorSettingsContext>);
    await userEvent.keyboard("db");
    expect(done).toEqual(["unusable"]);
  });

  it("mean one thing each, whatever somebody chose, and no label has one of them", () => {
    for (const bindings of [KEYS, bind(bind(KEYS, "discard", "e"), "next", "w")]) {
      const keys = reviewKeys(bindings);
      const all = Object.values(keys).flat();
      expect(new Set(all).size).toBe(all.length);
      const labels = labelKeys(Array.from({ length: 26 }, () => ({})), reviewBindings(bindings));
      expect(labels.filter((each) => each !== undefined && all.includes(each))).toEqual([]);
    }
    const keys = reviewKeys(bind(KEYS, "discard", "e"));
    expect(["Mod+z", "e", "q"].map((each) => actionFor(each, keys))).toEqual(["undo", "unusable", undefined]);
  });
});
