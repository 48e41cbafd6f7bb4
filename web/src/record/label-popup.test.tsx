// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";

import { LabelPopup } from "./label-popup";

describe("the popup for the label of a stretch", () => {
  let done: string[];
  beforeEach(() => { done = []; });

  function show({ count = 3, current = null as string | null, removable = false } = {}) {
    const labels = Array.from({ length: count }, (_, at) => ({ name: `label ${String(at + 1)}`, hue: 20, ...(at < 9 ? { key: String(at + 1) } : {}) }));
    render(
      <MantineProvider>
        <LabelPopup
          title="Label for “Ada”"
          labels={labels}
          current={current}
          box={{ left: 0, top: 0 }}
          onPick={(label) => done.push(label)}
          onRemove={removable ? () => done.push("removed") : null}
          onClose={() => done.push("closed")}
        />
      </MantineProvider>,
    );
  }
  const marked = () => screen.getAllByRole("option").find((each) => each.getAttribute("aria-selected") === "true")?.textContent;

  it("chooses by the number of a label", async () => {
    show();
    await userEvent.keyboard("2");
    expect(done).toEqual(["label 2"]);
  });

  it("finds a label by what is typed, in which a number is a letter like others", async () => {
    show({ count: 120 });
    await userEvent.keyboard("label 119{Enter}");
    expect(done).toEqual(["label 119"]);
  });

  it("chooses with arrows and Enter, and stays within the list", async () => {
    show();
    await userEvent.keyboard("{ArrowUp}");
    expect(marked()).toContain("label 1");
    await userEvent.keyboard("{ArrowDown}{ArrowDown}{ArrowDown}{ArrowDown}{Enter}");
    expect(done).toEqual(["label 3"]);
  });

  it("begins at the label that a span has", () => {
    show({ current: "label 2" });
    expect(marked()).toContain("label 2");
  });

  it("removes a span with Delete, but only while nothing is typed", async () => {
    show({ removable: true });
    await userEvent.keyboard("x{Backspace}");
    expect(done).toEqual([]);
    await userEvent.keyboard("{Delete}");
    expect(done).toEqual(["removed"]);
  });

  it("closes with Escape, with Tab, and when something else is clicked", async () => {
    show();
    await userEvent.keyboard("{Escape}{Tab}");
    fireEvent.mouseDown(screen.getByRole("option", { name: /label 1/ }));
    fireEvent.mouseDown(document.body);
    expect(done).toEqual(["closed", "closed", "closed"]);
  });

  it("says that there are more labels than it shows, and that none is found", async () => {
    show({ count: 120 });
    expect(screen.getAllByRole("option")).toHaveLength(100);
    expect(screen.getByRole("dialog").textContent).toContain("20");
    await userEvent.keyboard("zzz");
    expect(screen.queryAllByRole("option")).toEqual([]);
    expect(screen.getByRole("dialog").textContent).toContain("zzz");
    await userEvent.keyboard("{Enter}");
    expect(done).toEqual([]);
  });
});
