import { expect, test } from "vitest";

import { type Attribution, explain, explainedLabels, strengthOf } from "./explanations";

const tokens = (...given: readonly (readonly [string, number])[]): Attribution[] =>
  given.map(([token, spam]) => ({ token, attributions: { spam, ham: -spam } }));
const words = ({ text, spans }: ReturnType<typeof explain>) => spans.map((each) => [text.slice(each.start, each.end), each.score]);

test("tokens are found in the text, whatever marks a model puts on pieces of words", () => {
  const found = explain("Free  money, Ana!", tokens(["free", 0.5], ["▁mon", 0.1], ["##ey", 0], [",", -0.2], ["ĠAna", 0.3], ["!", 0]), "spam");
  expect(found.text).toBe("Free  money, Ana!");
  expect(words(found)).toEqual([["Free", 0.5], ["mon", 0.1], ["ey", 0], [",", -0.2], ["Ana", 0.3], ["!", 0]]);
});

test("where a token is not in the text, tokens stand in its place, and none is lost", () => {
  for (const text of ["free money", "", "money and much that no token has, free"]) {
    const found = explain(text, tokens(["[CLS]", 0.1], ["free", 0.5], ["money", -1]), "spam");
    expect(words(found)).toEqual([["[CLS]", 0.1], ["free", 0.5], ["money", -1]]);
  }
});

test("a label that a token says nothing about leaves it plain", () => {
  expect(explain("free", tokens(["free", 1]), "other").spans).toEqual([]);
  expect(words(explain("free", tokens(["free", 1]), "ham"))).toEqual([["free", -1]]);
});

test("the label predicted first is explained first, and labels nobody explains are left out", () => {
  const suggestions = [{ agent: "m", labels: [{ label: "none", score: 0.9 }, { label: "ham", score: 0.1 }, { label: "spam", score: 0.7 }], spans: [], texts: [] }];
  expect(explainedLabels(tokens(["a", 1]), suggestions)).toEqual(["spam", "ham"]);
  expect(explainedLabels(tokens(["a", 1]), [])).toEqual(["spam", "ham"]);
  expect(explainedLabels([], suggestions)).toEqual([]);
});

test("strength grows from none to all by the logarithm, whatever the sign", () => {
  expect([0, 0.001, 0.01, 0.1, -0.1, 1, -7].map(strengthOf)).toEqual([0, 0, 0, 50, 50, 100, 100]);
});
