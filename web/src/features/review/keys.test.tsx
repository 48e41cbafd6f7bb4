// @vitest-environment jsdom
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";

import { actionFor, REVIEW_KEYS, useReviewKeys } from "./keys";

describe("keys of the review page", () => {
  let done: (string | number)[];
  beforeEach(() => { done = []; });

  function Page() {
    useReviewKeys((action) => done.push(action), (index) => done.push(index));
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

  it("do what they say, and digits choose an answer by its place", async () => {
    render(<Page />);
    await userEvent.keyboard("dnw3{Escape}");
    expect(done).toEqual(["unusable", "next", "names", 2, "leave"]);
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

  it("mean one thing each", () => {
    const keys = Object.values(REVIEW_KEYS).flat();
    expect(new Set(keys).size).toBe(keys.length);
    expect([actionFor("Mod+z"), actionFor("q")]).toEqual(["undo", undefined]);
  });
});
