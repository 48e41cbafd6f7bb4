import { describe, expect, it } from "vitest";

import type { Answered, Decision } from "@/api/review";
import { DraftJournal } from "@/core/draft-journal";
import type { Span } from "@/core/model";
import { recordOf, SHARED, spanOf, tokenRecordOf } from "@/testing/records";
import { storage } from "@/testing/storage";

import { agrees, baseOf, begunOn, canSave, type DecisionDraft, firstDraft, inLetterOrder, inWords, keepBegun, recallBegun, sameBegun } from "./decision-draft";

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

describe("a decision that was begun", () => {
  const journal = new DraftJournal(storage());
  const record = recordOf();
  const mine = begunOn("rita", SHARED, record, null);

  it.each([
    ["a choice", { draft: chosen({ labels: ["a"] }), reason: "irony" }],
    ["a reason only", { draft: NOTHING, reason: "hm" }],
    ["that it is unusable", { draft: chosen({}, true), reason: "" }],
  ])("is there again: %s", (_, begun) => {
    keepBegun(journal, mine, begun);
    expect(recallBegun(journal, mine)).toEqual(begun);
  });

  it("is one's own, and gone once the text is another or somebody has decided", () => {
    const begun = { draft: chosen({ labels: ["a"] }), reason: "" };
    keepBegun(journal, mine, begun);
    expect(recallBegun(journal, begunOn("rae", SHARED, record, null))).toBeNull();
    expect(recallBegun(journal, begunOn("rita", SHARED, record, gold))).toBeNull();
    expect(recallBegun(journal, mine)).toBeNull();
    keepBegun(journal, mine, begun);
    expect(recallBegun(journal, begunOn("rita", SHARED, recordOf({ fields: [{ name: "text", text: "Other" }] }), null))).toBeNull();
  });

  it("is told from the one before by what was chosen and by the reason", () => {
    const begun = { draft: chosen({ labels: ["a", "b"] }), reason: "" };
    expect(sameBegun(begun, { draft: chosen({ labels: ["b", "a"] }), reason: "" })).toBe(true);
    for (const other of [{ ...begun, reason: "x" }, { draft: chosen({ labels: ["a"] }), reason: "" }, { draft: chosen({}, true), reason: "" }]) expect(sameBegun(begun, other)).toBe(false);
  });
});
