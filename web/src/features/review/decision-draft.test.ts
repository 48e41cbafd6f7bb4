import { describe, expect, it } from "vitest";

import type { Answered, Decision } from "@/api/review";
import type { Span } from "@/core/model";
import { recordOf, spanOf, tokenRecordOf } from "@/testing/records";

import { agrees, baseOf, canSave, type DecisionDraft, firstDraft, inLetterOrder, inWords } from "./decision-draft";

const answer = (annotator: string, labels: string[], discarded = false): Answered => ({ annotator, value: discarded ? {} : { labels }, discarded, counted: true, seconds: null });
const chosen = (value: DecisionDraft["value"], discarded = false): DecisionDraft => ({ value, discarded, touched: true });
const NOTHING = firstDraft(recordOf(), { gold: null, answers: [] });
const gold: Decision = { value: { labels: ["a"] }, discarded: false, origin: "adjudicated", author: "rae", reason: null, version: 2, at: "2026-11-25T12:00:00Z" };

describe("a decision that is being made", () => {
  it("begins with the one there is, or with nothing", () => {
    expect(firstDraft(recordOf(), { gold, answers: [answer("ana", ["b"])] })).toEqual(chosen({ labels: ["a"] }));
    expect(firstDraft(recordOf(), { gold: null, answers: [answer("ana", ["b"])] })).toEqual({ value: {}, discarded: false, touched: false });
  });

  it("begins with the spans that all who did not discard it marked, which nobody has decided yet", () => {
    const marked = (...spans: Span[]): Answered => ({ ...answer("ana", []), value: { spans } });
    const answers = [marked(spanOf(0, 3), spanOf(8, 11)), marked(spanOf(0, 3)), answer("cy", [], true)];
    expect(firstDraft(tokenRecordOf("Ada met Ben"), { gold: null, answers })).toEqual({ value: { spans: [spanOf(0, 3)] }, discarded: false, touched: false });
  });

  it("can be saved once something was chosen that the task asks for", () => {
    expect(canSave(recordOf(), NOTHING)).toBe(false);
    expect(canSave(recordOf(), chosen({ labels: ["a"] }))).toBe(true);
    expect(canSave(recordOf(), chosen({ labels: [] }))).toBe(false);
    expect(canSave(recordOf({ task: "Text2Text" }), chosen({ text: " " }))).toBe(false);
  });

  it("can say that a record has no spans, but only on purpose", () => {
    const record = tokenRecordOf("Ada met Ben");
    expect(canSave(record, NOTHING)).toBe(false);
    expect(canSave(record, chosen({ spans: [] }))).toBe(true);
  });

  it("can call every record unusable", () => {
    expect(canSave(recordOf(), chosen({}, true))).toBe(true);
  });
});

describe("answers beside it", () => {
  const answers = [answer("ana", ["a"]), answer("ben", ["b"]), answer("cy", [], true)];

  it("agree where they say the same, and none does while nothing is chosen", () => {
    expect(answers.map((each) => agrees(each, chosen({ labels: ["b"] })))).toEqual([false, true, false]);
    expect(answers.map((each) => agrees(each, NOTHING))).toEqual([false, false, false]);
    expect(agrees(answer("dan", []), NOTHING)).toBe(false);
  });

  it("agree that a record is unusable, whatever its value was before", () => {
    expect(answers.map((each) => agrees(each, chosen({ labels: ["a"] }, true)))).toEqual([false, false, true]);
  });

  it("are compared with the one that is chosen, at first with the first that has a value", () => {
    expect(baseOf(answers, chosen({ labels: ["b"] }))).toBe(1);
    expect(baseOf([answer("cy", [], true), ...answers], NOTHING)).toBe(1);
    expect(baseOf(answers, chosen({ labels: ["z"] }))).toBe(0);
    expect(baseOf([], NOTHING)).toBe(0);
  });

  it("stand in the order of their letters, whatever the order they came in", () => {
    const byPerson = new Map([["cy", "A"], ["ana", "B"], ["ben", "C"]]);
    expect(inLetterOrder(answers, byPerson).map((each) => each.annotator)).toEqual(["cy", "ana", "ben"]);
    expect(inLetterOrder([...answers].reverse(), byPerson).map((each) => each.annotator)).toEqual(["cy", "ana", "ben"]);
  });
});

it("a decision in words is its labels, the number of its spans, its text, or that it is unusable", () => {
  const words = (value: Decision["value"], discarded = false) => inWords({ value, discarded });
  expect(words({ labels: ["a", "b"] })).toBe("a, b");
  expect(words({ text: "short" })).toBe("short");
  expect(words({ spans: [spanOf(0, 3), spanOf(8, 11)] })).toContain("2");
  const empty = [words({ labels: [] }), words({ spans: [] }), words({ labels: ["a"] }, true)];
  expect(new Set(empty).size).toBe(3);
  expect(empty.every((each) => each.length > 3)).toBe(true);
});
