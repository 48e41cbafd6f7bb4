import { expect, test } from "vitest";

import { byLabel, countOf, type MeasuredRule, NEWEST, nextStep, overlapQuery, pickLabel, rightQuery, shownRules, wrongQuery } from "./rules";

const rule = (query: string, label: string, more: Partial<MeasuredRule> = {}): MeasuredRule => ({
  query, labels: [label], author: "ana", created_at: `2026-01-0${String(query.length)}T00:00:00`,
  total_records: 10, annotated_records: 5, covered_records: 3, annotated_covered_records: 2, ...more,
});

test("what a rule gets wrong is annotated, and not with its label, however the label is spelt", () => {
  expect(wrongQuery("free OR money", ["spam"])).toBe('(free OR money) AND _exists_:annotated_as AND NOT annotated_as:"spam"');
  expect(wrongQuery("free", ['a "b" \\c'])).toBe('(free) AND _exists_:annotated_as AND NOT annotated_as:"a \\"b\\" \\\\c"');
  expect(wrongQuery("free", ["a", "b"])).toBe('(free) AND _exists_:annotated_as AND NOT (annotated_as:"a" AND annotated_as:"b")');
  expect(rightQuery("free", ["a", "b"])).toBe('(free) AND (annotated_as:"a" AND annotated_as:"b")');
});

test("an overlap names the other rules that can be evaluated", () => {
  const rules = [rule("a", "x"), rule("b OR c", "y"), rule("(d", "y", { problem: "never closed" })];
  expect(overlapQuery("a", rules)).toBe("(a) AND ((b OR c))");
});

test("a count is not off by one where its share is not exact", () => {
  for (let total = 1; total < 200; total += 1) {
    for (let count = 0; count <= total; count += 7) expect(countOf(count / total, total)).toBe(count);
  }
  expect(countOf(undefined, 7)).toBe(0);
});

test("enter leads from the search to the label to saving, and a rule that is stored is changed", () => {
  const stored = [rule("free", "spam", { description: "junk" })];
  const step = (query: string, labels: readonly string[], description = "") => nextStep({ query, labels, description }, stored);
  expect(step("  ", ["spam"])).toBe("query");
  expect(step("free", [])).toBe("label");
  expect(step("money", ["spam"])).toBe("add");
  expect(step(" free ", ["spam"], "junk ")).toBe("same");
  expect(step("free", ["ham"], "junk")).toBe("change");
  expect(step("free", ["spam"])).toBe("change");
});

test("one label replaces another unless records have several", () => {
  expect(pickLabel(["a"], "b", false)).toEqual(["b"]);
  expect(pickLabel(["a"], "b", true)).toEqual(["a", "b"]);
  expect(pickLabel(["a", "b"], "a", true)).toEqual(["b"]);
});

test("rules are found by search and name, newest first, and what is not measured is last both ways", () => {
  const rules = [rule("free", "spam", { precision: 0.5 }), rule("m", "ham", { author: "ben" }), rule("money", "spam", { precision: 0.9, description: "Cash" })];
  const all = { words: "", label: null, author: null };
  const names = (...asked: Parameters<typeof shownRules<MeasuredRule>> extends [unknown, ...infer Rest] ? Rest : never) => shownRules(rules, ...asked).map((each) => each.query);
  expect(names(all, NEWEST)).toEqual(["money", "free", "m"]);
  expect(names(all, { by: "precision", down: true })).toEqual(["money", "free", "m"]);
  expect(names(all, { by: "precision", down: false })).toEqual(["free", "money", "m"]);
  expect(names({ ...all, words: "cash" }, NEWEST)).toEqual(["money"]);
  expect(names({ ...all, label: "ham" }, NEWEST)).toEqual(["m"]);
  expect(names({ ...all, author: "ana" }, NEWEST)).toEqual(["money", "free"]);
});

test("labels without rules are in the list, and labels of rules that nobody lists", () => {
  const rules = [rule("a", "x", { correct: 2, incorrect: 1 }), rule("b", "x", { correct: 3 }), rule("c", "z")];
  expect(byLabel(rules, ["x", "y"])).toEqual([
    { label: "x", rules: 2, correct: 5, incorrect: 1 },
    { label: "y", rules: 0, correct: 0, incorrect: 0 },
    { label: "z", rules: 1, correct: 0, incorrect: 0 },
  ]);
});
