// @vitest-environment jsdom
import { renderHook } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";

import type { AppRecord } from "@/core/model";
import { predictionOf, recordOf, spanOf, submittedOf, tokenRecordOf } from "@/testing/records";
import { sessionOf } from "@/testing/session";

import { useActions } from "./use-actions";

const predicted = (label: string) => [predictionOf({ labels: [{ label, score: 0.9 }] })];

function open(records: readonly AppRecord[], submitOnPick = true) {
  const { edits } = sessionOf(records);
  const onAnswered = vi.fn();
  const onSay = vi.fn();
  const { result } = renderHook(() => useActions(edits, { overlapping: false, submitOnPick, onAnswered, onSay }));
  const now = (id = "1") => edits.get(id)?.now;
  return { edits, actions: result.current, onAnswered, onSay, now };
}

describe("choosing a label", () => {
  it("submits at once where a single label is enough", () => {
    const { actions, now, onAnswered } = open([recordOf()]);
    actions.pickLabel("1", "a");
    expect(now()).toEqual(submittedOf({ labels: ["a"] }));
    expect(onAnswered).toHaveBeenCalledWith(["1"]);
  });

  it("takes the answer back when the same label is chosen again, and stays on the record", () => {
    const { actions, now, onAnswered } = open([recordOf({ answer: submittedOf({ labels: ["a"] }) })]);
    actions.pickLabel("1", "a");
    expect(now()?.state).toBe("none");
    expect(onAnswered).not.toHaveBeenCalled();
  });

  it("is a draft where texts may have several, or where somebody wants to submit themselves", () => {
    for (const { actions, now } of [open([recordOf({ multiLabel: true })]), open([recordOf()], false)]) {
      actions.pickLabel("1", "a");
      expect(now()).toEqual({ value: { labels: ["a"] }, state: "draft" });
    }
  });

  it("of a record that is not there does nothing", () => {
    const { actions, onAnswered } = open([]);
    actions.pickLabel("1", "a");
    actions.accept("1");
    actions.reject("1");
    expect(onAnswered).not.toHaveBeenCalled();
  });
});

describe("submitting", () => {
  it("says what is missing, and stays", () => {
    const { actions, now, onAnswered, onSay } = open([recordOf(), recordOf({ id: "2", task: "Text2Text" })]);
    actions.submit("1");
    actions.submit("2");
    expect(onSay.mock.calls.map(([message]) => String(message))).toHaveLength(2);
    expect(onSay.mock.calls[0]).not.toEqual(onSay.mock.calls[1]);
    expect([now("1")?.state, now("2")?.state]).toEqual(["none", "none"]);
    expect(onAnswered).not.toHaveBeenCalled();
  });

  it("of several records answers those that are ready, as one step", () => {
    const { actions, edits, onAnswered, now } = open([recordOf({ id: "1" }), recordOf({ id: "2" }), recordOf({ id: "3", multiLabel: true })]);
    edits.edit("2", { labels: ["a"] });
    actions.answerAll(["1", "2", "3"], "submitted");
    expect(onAnswered).toHaveBeenCalledWith(["2", "3"]);
    expect(now("1")?.state).toBe("none");
    expect(edits.undo()).toEqual(["2", "3"]);
  });
});

describe("discarding", () => {
  it("goes on, and takes a discarded record back without going on", () => {
    const { actions, now, onAnswered } = open([recordOf()]);
    actions.discard("1");
    expect(now()?.state).toBe("discarded");
    actions.discard("1");
    expect(now()?.state).toBe("none");
    expect(onAnswered).toHaveBeenCalledTimes(1);
  });

  it("needs nothing to be chosen, also for several records", () => {
    const { actions, now, onAnswered } = open([recordOf({ id: "1" }), recordOf({ id: "2" })]);
    actions.answerAll(["1", "2"], "discarded");
    expect([now("1")?.state, now("2")?.state]).toEqual(["discarded", "discarded"]);
    expect(onAnswered).toHaveBeenCalledWith(["1", "2"]);
  });
});

it("clearing leaves nothing of an answer", () => {
  const { actions, now } = open([recordOf({ answer: submittedOf({ labels: ["a"] }) })]);
  actions.clear("1");
  expect(now()).toEqual({ value: {}, state: "none" });
});

describe("accepting what is predicted", () => {
  it("submits a label, and does nothing where none is predicted", () => {
    const { actions, now } = open([recordOf({ id: "1", suggestions: predicted("a") }), recordOf({ id: "2" })]);
    actions.accept("1");
    actions.accept("2");
    expect(now("1")).toEqual(submittedOf({ labels: ["a"] }));
    expect(now("2")?.state).toBe("none");
  });

  it("of spans is a draft, to look at before it is submitted", () => {
    const { actions, now, onAnswered } = open([tokenRecordOf("Ada met Ben", { suggestions: [predictionOf({ spans: [spanOf(0, 3)] })] })]);
    actions.accept("1");
    expect(now()).toEqual({ value: { spans: [spanOf(0, 3)] }, state: "draft" });
    expect(onAnswered).not.toHaveBeenCalled();
  });

  it("for several records submits each with its own, and leaves those without", () => {
    const { actions, now, onAnswered } = open([recordOf({ id: "1", suggestions: predicted("a") }), recordOf({ id: "2" }), recordOf({ id: "3", suggestions: predicted("b") })]);
    actions.acceptEach(["1", "2", "3"]);
    expect(onAnswered).toHaveBeenCalledWith(["1", "3"]);
    expect([now("1"), now("3")]).toEqual([submittedOf({ labels: ["a"] }), submittedOf({ labels: ["b"] })]);
    actions.acceptEach(["2"]);
    expect(onAnswered).toHaveBeenCalledTimes(1);
  });
});

it("rejecting puts everything aside that is still open, and is no step where nothing is", () => {
  const { actions, edits, now } = open([tokenRecordOf("Ada met Ben", { suggestions: [predictionOf({ spans: [spanOf(0, 3), spanOf(8, 11)] })] })]);
  actions.reject("1");
  expect(now()?.value.rejected).toEqual([spanOf(0, 3), spanOf(8, 11)]);
  actions.reject("1");
  expect(edits.steps()).toBe(1);
});

it("one label for all adds to those of texts that may have several, and replaces the only one of others", () => {
  const several = recordOf({ id: "1", multiLabel: true, answer: submittedOf({ labels: ["a"] }) });
  const { actions, now } = open([several, recordOf({ id: "2", answer: submittedOf({ labels: ["a"] }) })]);
  actions.labelAll(["1", "2"], "b");
  expect(now("1")).toEqual(submittedOf({ labels: ["a", "b"] }));
  expect(now("2")).toEqual(submittedOf({ labels: ["b"] }));
});
