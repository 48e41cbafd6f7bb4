import { expect, test } from "vitest";

import { commonLabels, letters, spanDifferences, wordChanges } from "./compare";

const LONDON = { start: 10, end: 16, label: "LOC" };
const ADA = { start: 0, end: 3, label: "PER" };

test("letters are the same at every visit, whoever is named first", () => {
  expect(letters("r1", ["ana", "ben", "cy"])).toEqual(letters("r1", ["cy", "ana", "ben"]));
  expect([...letters("r1", ["ana", "ben", "cy"]).values()]).toEqual(["A", "B", "C"]);
});

test("a letter on one record says nothing about another record", () => {
  const firsts = Array.from({ length: 400 }, (_, n) => [...letters(`r${String(n)}`, ["ana", "ben"]).keys()][0]);
  const anas = firsts.filter((each) => each === "ana").length;
  expect(anas).toBeGreaterThan(150);
  expect(anas).toBeLessThan(250);
});

test("after Z come AA and AB", () => {
  const many = Array.from({ length: 28 }, (_, n) => `person${String(n)}`);
  expect([...letters("r", many).values()].slice(-3)).toEqual(["Z", "AA", "AB"]);
});

test("common labels are those that nobody left out", () => {
  expect([...commonLabels([{ labels: ["a", "b"] }, { labels: ["b", "c"] }])]).toEqual(["b"]);
  expect([...commonLabels([])]).toEqual([]);
});

test("another label on the same words is a difference, the same span is none", () => {
  const org = { ...LONDON, label: "ORG" };
  expect(spanDifferences([{ spans: [ADA, LONDON] }, { spans: [ADA, org] }], 0)).toEqual([
    { mine: LONDON, others: [{ of: 1, span: org }] },
  ]);
});

test("a span that one has and another has not is told to both", () => {
  const values = [{ spans: [ADA] }, { spans: [] }, { spans: [ADA] }];
  expect(spanDifferences(values, 0)).toEqual([{ mine: ADA, others: [{ of: 1, span: null }] }]);
  expect(spanDifferences(values, 1)).toEqual([{ mine: null, others: [{ of: 0, span: ADA }, { of: 2, span: ADA }] }]);
});

test("changes lead from one text to the other", () => {
  const changes = wordChanges("the quick fox", "the slow fox") ?? [];
  expect(changes.filter((each) => each.kind !== "new").map((each) => each.text).join("")).toBe("the quick fox");
  expect(changes.filter((each) => each.kind !== "gone").map((each) => each.text).join("")).toBe("the slow fox");
});

test("texts too long to compare are not compared", () => {
  expect(wordChanges("x ".repeat(20_000), "y")).toBeNull();
});
