// @vitest-environment jsdom
import { act, renderHook } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";

import { findRecord } from "@/api/records";
import { lastDone } from "@/api/work";
import type { Front } from "@/core/front-record";
import type { DatasetRef } from "@/core/model";
import { INDIVIDUAL, recordOf, SHARED } from "@/testing/records";
import { recordsOf, sessionOf } from "@/testing/session";
import { t } from "@/text/en";

import type { Claims } from "./use-claims";
import { useSkip } from "./use-skip";
import { useUndo } from "./use-undo";

vi.mock("@/api/records", () => ({ findRecord: vi.fn() }));
vi.mock("@/api/work", () => ({ lastDone: vi.fn() }));

const IDS = ["0", "1", "2"];
const setFront = vi.fn<(to: Front) => void>();
const onSay = vi.fn<(message: string) => void>();
const onView = vi.fn();
const queue = { undoSkip: vi.fn(), takeBack: vi.fn(), bring: vi.fn(), skip: vi.fn() };
const claims = queue as unknown as Claims;

beforeEach(() => {
  vi.resetAllMocks();
  queue.undoSkip.mockResolvedValue(null);
  vi.mocked(lastDone).mockResolvedValue(null);
  vi.mocked(findRecord).mockImplementation((_dataset, id) => Promise.resolve(recordOf({ id })));
});

describe("undoing", () => {
  function open(dataset: DatasetRef = INDIVIDUAL, mine: Claims | null = null) {
    const session = { ...sessionOf(recordsOf(0, 3)), undoSaved: vi.fn(() => Promise.resolve()) };
    const { result } = renderHook(() => useUndo({ dataset, session, ids: IDS, claims: mine, setFront, onView, onSay }));
    const undo = () => act(async () => {
      result.current.undo();
      await new Promise((done) => setTimeout(done));
    });
    return { session, undo, redo: () => act(async () => { result.current.redo(); await Promise.resolve(); }) };
  }

  it("takes the last step of this visit back, shows its record, and does it again", async () => {
    const { session, undo, redo } = open();
    session.edits.commit(["1"], "submitted", () => ({ labels: ["x"] }));
    await undo();
    expect(session.edits.get("1")?.now.state).toBe("none");
    expect(setFront).toHaveBeenLastCalledWith("1");
    expect(onSay).toHaveBeenLastCalledWith(t.annotate.undone);
    await redo();
    expect(session.edits.get("1")?.now.state).toBe("submitted");
    expect(session.undoSaved).not.toHaveBeenCalled();
  });

  it("takes one's last answer of another visit back on the server, and goes there", async () => {
    vi.mocked(lastDone).mockResolvedValue({ id: "9", skipped: false });
    const { session, undo } = open();
    await undo();
    expect(session.undoSaved).toHaveBeenCalledWith("9");
    expect(onView).toHaveBeenCalledWith({ record: "9" });
  });

  it("in the queue brings that record back to the front", async () => {
    vi.mocked(lastDone).mockResolvedValue({ id: "9", skipped: false });
    const { undo } = open(INDIVIDUAL, claims);
    await undo();
    expect(queue.bring).toHaveBeenCalledWith(recordOf({ id: "9" }));
    expect(setFront).toHaveBeenCalledWith("9");
  });

  it("takes a skip back before an answer, of this visit or of another", async () => {
    const { session, undo } = open(INDIVIDUAL, claims);
    session.edits.commit(["1"], "submitted", () => ({ labels: ["x"] }));
    queue.undoSkip.mockResolvedValueOnce("2");
    await undo();
    expect(setFront).toHaveBeenLastCalledWith("2");
    expect(session.edits.get("1")?.now.state).toBe("submitted");
    await undo();
    vi.mocked(lastDone).mockResolvedValue({ id: "8", skipped: true });
    await undo();
    expect(queue.takeBack).toHaveBeenCalledWith("8");
    expect(session.undoSaved).not.toHaveBeenCalled();
  });

  it("says that there is nothing to undo, where nothing was done or only the dataset knows", async () => {
    vi.mocked(lastDone).mockResolvedValue({ id: "9", skipped: false });
    const { undo } = open(SHARED);
    await undo();
    expect(onSay).toHaveBeenLastCalledWith(t.annotate.nothingToUndo);
    expect(setFront).not.toHaveBeenCalled();
  });

  it("says what went wrong", async () => {
    vi.mocked(lastDone).mockRejectedValue(new Error("not now"));
    const { undo } = open();
    await undo();
    expect(onSay).toHaveBeenLastCalledWith("not now");
  });
});

describe("skipping", () => {
  function open(at: number, mine: Claims | null = claims) {
    const { result } = renderHook(() => useSkip({ ids: IDS, at, claims: mine, setFront, onSay }));
    return () => result.current;
  }

  it("asks for a reason first, and goes on to the next record with it", async () => {
    queue.skip.mockResolvedValue("others");
    const skipping = open(0);
    act(() => { skipping().ask(); });
    expect(skipping().asking).toBe(true);
    await act(() => skipping().skip("too long"));
    expect(queue.skip).toHaveBeenCalledWith("0", "too long");
    expect(setFront.mock.calls).toEqual([["1"]]);
    expect(onSay).toHaveBeenCalledWith(t.queue.skippedTo.others);
    expect(skipping().asking).toBe(false);
  });

  it("of the last record waits behind the one before for what is read next", async () => {
    queue.skip.mockResolvedValue("me");
    const skipping = open(2);
    await act(() => skipping().skip(null));
    expect(setFront.mock.calls).toEqual([[{ after: "1" }]]);
  });

  it("stays on the record when it fails, and says why", async () => {
    queue.skip.mockRejectedValue(new Error("not now"));
    const skipping = open(1);
    await act(() => skipping().skip(null));
    expect(setFront).toHaveBeenLastCalledWith("1");
    expect(onSay).toHaveBeenLastCalledWith("not now");
  });

  it("is nothing where records are not assigned, or none is in front", async () => {
    for (const skipping of [open(0, null), open(3)]) {
      act(() => { skipping().ask(); });
      expect(skipping().asking).toBe(false);
      await act(() => skipping().skip(null));
    }
    expect(queue.skip).not.toHaveBeenCalled();
    expect(setFront).not.toHaveBeenCalled();
  });
});
