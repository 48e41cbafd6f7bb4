import { expect, it } from "vitest";

import { completed, givesAnswer, guess, guessTask, labelsOf, mappingOf, mayAnswer, nameFrom, ownAnswers, troubleWith, withOwnAnswers } from "./columns";
import type { Task } from "./model";

const roles = (rows: Record<string, unknown>[], task: Task = "TextClassification") => Object.fromEntries(guess(rows, task).map((each) => [each.name, each.role]));

it("guesses roles by names and by what stands in the columns", () => {
  const rows = [{ id: "1", review: "fine", sentiment: "good", confidence: "0.5", source: "web", soft: "", vector: [1] }, { id: "2", review: "bad" }];
  expect(roles(rows)).toEqual({ id: "id", review: "text", sentiment: "metadata", confidence: "score", source: "metadata", soft: "metadata", vector: "skip" });
});

it("takes no column for answers by its name, but says which may hold some", () => {
  const row = { text: "t", topic: "a", label: "b", category: "c", target: "d", answer: "e", annotation: "f", status: "open", support: "much" };
  expect(new Set(Object.values(roles([row])))).toEqual(new Set(["text", "metadata"]));
  expect(Object.keys(row).filter(mayAnswer)).toEqual(["topic", "label", "category", "target", "answer", "annotation"]);
  expect(roles([{ text: "t", entities: [{ start: 0, end: 1, label: "x" }] }], "TokenClassification")).toEqual({ text: "text", entities: "skip" });
});

it("takes the longest texts where no name says so, and no id that is there twice", () => {
  expect(roles([{ id: "1", a: "x", b: "a whole sentence" }, { id: "1", a: "y", b: "and another one" }])).toEqual({ id: "metadata", a: "metadata", b: "text" });
});

it("reads our own exports as they are, their answers only if that is said", () => {
  const rows = [{ id: "1", "inputs.text": "t", "metadata.n": "1", "answer.ana": "x", "answer.ana.state": "submitted", annotation: "x", annotation_agent: "majority", support: "2", "soft.x": "1" }];
  const columns = guess(rows, "TextClassification");
  const without = { id: "id", "inputs.text": "inputs.text", "metadata.n": "metadata.n" };
  expect(troubleWith(columns, "TextClassification")).toBeNull();
  expect(mappingOf(columns, "TextClassification", false)).toEqual(without);
  expect(ownAnswers(columns).map((each) => each.name)).toEqual(["answer.ana", "answer.ana.state", "annotation", "annotation_agent"]);
  const wanted = withOwnAnswers(columns, true);
  const answers = { "answer.ana": "answer.ana", "answer.ana.state": "answer.ana.state", annotation: "annotation", annotation_agent: "annotation_agent" };
  expect(mappingOf(wanted, "TextClassification", false)).toEqual({ ...without, ...answers });
  expect(withOwnAnswers(wanted, false)).toEqual(columns);
});

it("sees which rows of our exports are answered", () => {
  expect([{ annotation: "x" }, { answers: { ana: {} } }, { status: "Discarded" }, { "answer.ana": "x" }].map(givesAnswer)).toEqual([true, true, true, true]);
  expect([{ annotation: "" }, { answers: {} }, { status: "Default" }, { "answer.ana": "", "answer.ana.state": "draft" }].map(givesAnswer)).toEqual([false, false, false, false]);
});

it("several texts are several inputs, but in other tasks there is one", () => {
  const columns = [{ name: "question", role: "text" }, { name: "title", role: "text" }] as const;
  expect(Object.keys(mappingOf(columns, "TextClassification", true))).toEqual(["inputs.question", "inputs.title", "id", "multi_label"]);
  expect(troubleWith(columns, "Text2Text")).toBe("manyTexts");
  expect(troubleWith([], "TextClassification")).toBe("noText");
  const mapping = mappingOf(columns, "TextClassification", true);
  expect(completed({ question: "q" }, "7")[mapping["id"] ?? ""]).toBe("7");
});

it("finds labels in cells of every kind", () => {
  const columns = [{ name: "l", role: "label" }, { name: "p", role: "prediction" }] as const;
  expect(labelsOf({ l: "good" }, columns)).toEqual(["good"]);
  expect(labelsOf({ l: '["a", "b"]', p: { labels: [{ class: "c", score: 1 }] } }, columns)).toEqual(["a", "b", "c"]);
  expect(labelsOf({ p: [{ start: 0, end: 1, label: "PER" }], l: null }, columns)).toEqual(["PER"]);
});

it("tells the task and a name", () => {
  expect(guessTask([{ text: "a", tokens: ["a"] }])).toBe("TokenClassification");
  expect(guessTask([{ text: "a", summary: "b" }])).toBe("Text2Text");
  expect(guessTask([{ text: "a", label: "b" }])).toBe("TextClassification");
  expect(nameFrom("My Reviews (2026).csv")).toBe("my-reviews-2026");
});
