// @vitest-environment jsdom
import { fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";

import { bind, type Bindings, KEYS } from "@/core/keys";
import { AnnotatorSettingsContext } from "@/record/annotator-settings";

import { useKeys } from "./use-keys";

describe("keys of the annotation screen", () => {
  let done: string[];
  beforeEach(() => { done = []; });

  function Screen() {
    useKeys((action) => done.push(action), (key) => key === "1" && done.push("label") > 0);
    return (
      <>
        <button type="button">Button</button>
        <input aria-label="text" />
        <input type="checkbox" aria-label="tick" />
        <div role="menu" aria-label="menu" tabIndex={0} />
      </>
    );
  }
  const show = (bindings: Bindings = KEYS) => render(<AnnotatorSettingsContext value={{ bindings, hidden: false }}><Screen /></AnnotatorSettingsContext>);

  it("do what they are bound to, and labels get the others", async () => {
    show();
    await userEvent.keyboard("d1n{Control>}z{/Control}");
    expect(done).toEqual(["discard", "label", "next", "undo"]);
  });

  it("follow what somebody chose", async () => {
    show(bind(KEYS, "discard", "q"));
    await userEvent.keyboard("qd");
    expect(done).toEqual(["discard"]);
  });

  it("never fire where somebody types, but for sending with Ctrl and Enter", async () => {
    show();
    await userEvent.type(screen.getByLabelText("text"), "d1{Enter}");
    expect(done).toEqual([]);
    await userEvent.keyboard("{Control>}{Enter}{/Control}");
    expect(done).toEqual(["submit"]);
  });

  it("fire on a tick box, where nobody types", async () => {
    show();
    screen.getByLabelText("tick").focus();
    await userEvent.keyboard("d");
    expect(done).toEqual(["discard"]);
  });

  it("leave Enter to a button that has the focus", async () => {
    show();
    screen.getByRole("button").focus();
    await userEvent.keyboard("{Enter}d");
    expect(done).toEqual(["discard"]);
  });

  it("leave everything to an open menu", async () => {
    show();
    screen.getByRole("menu").focus();
    await userEvent.keyboard("d1");
    expect(done).toEqual([]);
  });

  it("are used up when they did something, so that the browser does nothing with them", () => {
    show();
    expect(fireEvent.keyDown(document.body, { key: "/" })).toBe(false);
    expect(fireEvent.keyDown(document.body, { key: "9" })).toBe(true);
  });

  it("are left alone where somebody else took them, or while a letter is composed", () => {
    show();
    const taken = new KeyboardEvent("keydown", { key: "d", bubbles: true, cancelable: true });
    taken.preventDefault();
    document.body.dispatchEvent(taken);
    fireEvent.keyDown(document.body, { key: "d", isComposing: true });
    expect(done).toEqual([]);
  });
});
