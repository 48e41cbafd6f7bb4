import { expect, it } from "vitest";

import { completed, guess, guessTask, labelsOf, mappingOf, nameFrom, troubleWith } from "./columns";
import type { Task } from "./model";

const roles = (rows: Record<string, unknown>[], task: Task = "TextClassification") => Object.fromEntries(guess(rows, task).map((each) => [each.name, each.role]));

it("guesses roles by names and by what stands in the columns", () => {
  const rows = [{ id: "1", review: "fine", sentiment: "good", confidence: "0.5", source: "web", soft: "", vector: [1] }, { id: "2", review: "bad" }];
  expect(roles(rows)).toEqual({ id: "id", review: "text", sentiment: "label", confidence: "score", source: "metadata", soft: "metadata", vector: "skip" });
});

it("takes the longest texts where no name says so, and no id that is there twice", () => {
  expect(roles([{ id: "1", a: "x", b: "a whole sentence" }, { id: "1", a: "y", b: "and another one" }])).toEqual({ id: "metadata", a: "metadata", b: "text" });
});

it("reads our own exports as they are", () => {
  const rows = [{ id: "1", "inputs.text": "t", "metadata.n": "1", "answer.ana": "x", "answer.ana.state": "submitted", annotation: "x", annotation_agent: "majority", support: "2", "soft.x": "1" }];
  const columns = guess(rows, "TextClassification");
  expect(troubleWith(columns, "TextClassification")).toBeNull();
  expect(mappingOf(columns, "TextClassification", false)).toEqual({
    id: "id", "inputs.text": "inputs.text", "metadata.n": "metadata.n", "answer.ana": "answer.ana", "answer.ana.state": "answer.ana.state", annotation: "annotation", annotation_agent: "annotation_agent",
  });
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
