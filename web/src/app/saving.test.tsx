// @vitest-environment jsdom
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { Outbox, OutboxState, PendingAnswer, Problem } from "@/core/outbox";
import { saveFile } from "@/core/save-file";
import { INDIVIDUAL, submittedOf } from "@/testing/records";

import { useOutbox, useOutboxState } from "./outbox-provider";
import Problems from "./problems";
import { Saving } from "./saving";

vi.mock("@/core/save-file", () => ({ saveFile: vi.fn() }));
vi.mock("./outbox-provider", () => ({ useOutbox: vi.fn(), useOutboxState: vi.fn() }));

const show = (what: ReactNode) => render(<QueryClientProvider client={new QueryClient()}><MantineProvider env="test">{what}</MantineProvider></QueryClientProvider>);
const pending = (id = "1"): PendingAnswer => ({
  key: id, user: "ana", dataset: INDIVIDUAL, id, answer: submittedOf({ labels: ["mine"] }), content: '[[["text","Ada"]],[]]', seen: "v1", at: 0,
});
const problem = (outcome: Problem["outcome"], id = "1"): Problem => ({ pending: pending(id), outcome });

describe("whether everything is saved", () => {
  const STATE: OutboxState = { waiting: 0, unsaved: 0, sending: false, offline: false, signedOut: false, savedAt: null, problems: [], noted: null };
  function wordsFor(part: Partial<OutboxState>): string {
    vi.mocked(useOutboxState).mockReturnValue({ ...STATE, ...part });
    const { unmount } = show(<Saving />);
    const words = screen.getByRole("status").textContent;
    unmount();
    return words;
  }

  it("is said in other words for each state", () => {
    const all = [{}, { savedAt: 1 }, { sending: true, waiting: 1 }, { unsaved: 1 }, { offline: true, waiting: 2 }, { signedOut: true, waiting: 2 }, { problems: [problem({ kind: "gone" })] }].map(wordsFor);
    expect(new Set(all).size).toBe(all.length);
  });

  it("is never said to be so while something stands in the way", () => {
    expect(wordsFor({ savedAt: 1, offline: true, waiting: 2 })).toBe(wordsFor({ offline: true, waiting: 2 }));
    expect(wordsFor({ savedAt: 1, unsaved: 1 })).toBe(wordsFor({ unsaved: 1 }));
    expect(wordsFor({ offline: true, problems: [problem({ kind: "gone" })] })).toBe(wordsFor({ problems: [problem({ kind: "gone" })] }));
    expect(wordsFor({ offline: true, waiting: 12 })).toContain("12");
  });
});

describe("an answer that the server did not take", () => {
  const outbox = { sendAnyway: vi.fn(), drop: vi.fn(), post: vi.fn() };
  beforeEach(() => {
    vi.clearAllMocks();
    vi.mocked(useOutbox).mockReturnValue(outbox as unknown as Outbox);
  });
  const open = (...problems: Problem[]) => { show(<Problems problems={problems} onClose={() => undefined} />); };
  const buttons = () => screen.getAllByRole("button").map((each) => each.textContent).filter(Boolean);
  const press = (at: number) => userEvent.click(screen.getByRole("button", { name: buttons()[at] ?? "" }));

  it("is shown with what somebody else answered, and either may be kept", async () => {
    open(problem({ kind: "conflict", reason: "elsewhere", author: null, seen: "v2", current: submittedOf({ labels: ["theirs"] }) }));
    expect(screen.getByRole("dialog").textContent).toContain("theirs");
    expect(buttons()).toHaveLength(2);
    await press(0);
    expect(outbox.sendAnyway).toHaveBeenCalledWith("1");
    await press(1);
    expect(outbox.drop).toHaveBeenCalledWith("1");
  });

  it("cannot be sent anyway where the text is another by now", () => {
    open(problem({ kind: "conflict", reason: "changed", author: null, seen: "v2" }));
    expect(buttons()).toHaveLength(1);
  });

  it("is shown with the server's reason, and can be sent again", async () => {
    open(problem({ kind: "refused", message: "There is no label mine." }));
    expect(screen.getByRole("dialog").textContent).toContain("There is no label mine.");
    await press(0);
    expect(outbox.post).toHaveBeenCalledWith(pending());
  });

  it("can be saved as a file where its dataset is gone, with all the others of it", async () => {
    open(problem({ kind: "gone" }, "1"), problem({ kind: "gone" }, "2"), problem({ kind: "refused", message: "no" }, "3"));
    await userEvent.click(screen.getAllByRole("button", { name: buttons()[0] ?? "" })[0] as HTMLElement);
    const [file, name] = vi.mocked(saveFile).mock.calls[0] ?? [];
    const lines = (await (file as Blob).text()).trim().split("\n").map((each) => JSON.parse(each) as Record<string, unknown>);
    expect(lines.map((each) => each["id"])).toEqual(["1", "2"]);
    expect(lines[0]).toMatchObject({ annotator: "ana", state: "submitted", value: { labels: ["mine"] }, uuid: "u1", content: [[["text", "Ada"]], []] });
    expect(name).toBe("answers-reviews.jsonl");
  });
});
