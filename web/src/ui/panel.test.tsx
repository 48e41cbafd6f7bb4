// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { t } from "@/text/en";

import { panel } from "./panel";

const Dialog = ({ name }: { name: string; onClose?: () => void }) => <p>Dialog of {name}</p>;
const away = () => Promise.reject<{ default: typeof Dialog }>(new TypeError("Failed to fetch dynamically imported module: /assets/x.js"));
const there = () => Promise.resolve({ default: Dialog });

describe("a part of a page that is loaded when it is asked for", () => {
  const load = vi.fn(there);
  beforeEach(() => {
    vi.spyOn(console, "error").mockImplementation(() => undefined); // React tells what a boundary has caught
    load.mockReset().mockImplementation(there);
  });

  function show(Part: ReturnType<typeof panel<{ name: string; onClose?: () => void }>>, onClose?: () => void) {
    return render(
      <MantineProvider>
        <p>The record</p>
        <Suspense>
          <Part name="Ana" {...(onClose ? { onClose } : {})} />
        </Suspense>
      </MantineProvider>,
    );
  }

  it("is there once its file is", async () => {
    show(panel(load));
    expect(await screen.findByText("Dialog of Ana")).toBeTruthy();
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("says that it cannot be had, leaves the page as it is, and comes when it is tried again", async () => {
    load.mockImplementationOnce(away);
    show(panel(load));
    expect((await screen.findByRole("alert")).textContent).toContain(t.server.unreachable);
    expect(screen.getByText("The record")).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: t.common.retry }));
    expect(await screen.findByText("Dialog of Ana")).toBeTruthy();
  });

  it("can be closed, and is tried anew when it is opened the next time", async () => {
    load.mockImplementationOnce(away);
    const Part = panel(load);
    const close = vi.fn();
    const { unmount } = show(Part, close);
    await userEvent.click(await screen.findByRole("button", { name: t.common.close }));
    expect(close).toHaveBeenCalledTimes(1);
    unmount();
    show(Part);
    expect(await screen.findByText("Dialog of Ana")).toBeTruthy();
  });

  it("can be brought before, and does not mind when that fails", async () => {
    const Part = panel(load.mockImplementationOnce(away));
    await Part.preload();
    await Part.preload();
    expect(load).toHaveBeenCalledTimes(2);
  });
});
