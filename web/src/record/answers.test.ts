import { describe, expect, it } from "vitest";

import { draftOf, editOf, predictionOf, recordOf, spanOf, submittedOf, tokenRecordOf } from "@/testing/records";

import { acceptAll, hasSuggestions, labelScores, missing, openSuggestions, predictedLabels, reject, toggleLabel } from "./answers";

const ADA = spanOf(0, 3);
const BEN = spanOf(8, 11);
const scored = (...labels: [string, number][]) => predictionOf({ labels: labels.map(([label, score]) => ({ label, score })) });

describe("choosing a label", () => {
  it("takes the place of the one before where a text has one", () => {
    expect(toggleLabel(recordOf(), { labels: ["a"] }, "b")).toEqual({ labels: ["b"] });
    expect(toggleLabel(recordOf(), { labels: ["a"] }, "a")).toEqual({ labels: [] });
  });

  it("adds to the others where a text may have several", () => {
    const record = recordOf({ multiLabel: true });
    expect(toggleLabel(record, {}, "a")).toEqual({ labels: ["a"] });
    expect(toggleLabel(record, { labels: ["a", "b"] }, "c")).toEqual({ labels: ["a", "b", "c"] });
    expect(toggleLabel(record, { labels: ["a", "b"] }, "a")).toEqual({ labels: ["b"] });
  });
});

describe("predicted labels", () => {
  const suggestions = [scored(["a", 0.4], ["b", 0.6]), scored(["a", 0.7], ["c", 0.5])];

  it("have the best score that any model gives them", () => {
    expect(Object.fromEntries(labelScores(recordOf({ suggestions })))).toEqual({ a: 0.7, b: 0.6, c: 0.5 });
  });

  it("are the best one, or all above a half where a text may have several", () => {
    expect(predictedLabels(recordOf({ suggestions }))).toEqual(["a"]);
    expect(predictedLabels(recordOf({ suggestions, multiLabel: true }))).toEqual(["a", "b"]);
    expect(predictedLabels(recordOf())).toEqual([]);
  });
});

describe("predicted spans", () => {
  const record = tokenRecordOf("Ada met Ben", { suggestions: [predictionOf({ spans: [ADA, BEN] }), predictionOf({ spans: [BEN] })] });

  it("are open once each, until they are marked or rejected", () => {
    expect(openSuggestions(editOf(record))).toEqual([ADA, BEN]);
    expect(openSuggestions(editOf(record, draftOf({ spans: [ADA] })))).toEqual([BEN]);
    expect(openSuggestions(editOf(record, draftOf({ rejected: [BEN] })))).toEqual([ADA]);
  });

  it("are open no more once the record was answered", () => {
    expect(openSuggestions(editOf(record, submittedOf({ spans: [] })))).toEqual([]);
    expect(openSuggestions(editOf(record, { value: {}, state: "discarded" }))).toEqual([]);
  });

  it("are put aside beside what was rejected before, and the answer stays", () => {
    const edit = editOf(record, draftOf({ spans: [ADA], rejected: [spanOf(4, 7)] }));
    expect(reject(edit, [BEN])).toEqual({ spans: [ADA], rejected: [spanOf(4, 7), BEN] });
  });
});

describe("accepting everything that is predicted", () => {
  it("takes the predicted labels in place of what was chosen", () => {
    expect(acceptAll(editOf(recordOf({ suggestions: [scored(["a", 0.9])] }), draftOf({ labels: ["b"] })), false)).toEqual({ labels: ["a"] });
  });

  it("adds spans where they are free, or everywhere where they may overlap", () => {
    const record = tokenRecordOf("Ada met Ben", { suggestions: [predictionOf({ spans: [{ ...ADA, score: 0.9 }, BEN] })] });
    const edit = editOf(record, draftOf({ spans: [spanOf(0, 7, "LOC")] }));
    expect(acceptAll(edit, false).spans).toEqual([spanOf(0, 7, "LOC"), BEN]);
    expect(acceptAll(edit, true).spans).toEqual([ADA, spanOf(0, 7, "LOC"), BEN]);
  });

  it("takes the first predicted text, and keeps one's own where none is predicted", () => {
    const record = recordOf({ task: "Text2Text", suggestions: [predictionOf({ texts: [{ text: "short", score: 1 }, { text: "other", score: 0.5 }] })] });
    expect(acceptAll(editOf(record, draftOf({ text: "mine" })), false)).toEqual({ text: "short" });
    expect(acceptAll(editOf(recordOf({ task: "Text2Text" }), draftOf({ text: "mine" })), false)).toEqual({ text: "mine" });
  });
});

it("a record has suggestions when any model predicts anything", () => {
  expect(hasSuggestions(recordOf({ suggestions: [predictionOf({}), scored(["a", 1])] }))).toBe(true);
  expect(hasSuggestions(recordOf({ suggestions: [predictionOf({})] }))).toBe(false);
});

describe("what an answer lacks", () => {
  it("is a label, unless a text may have several and so none", () => {
    expect(missing(editOf(recordOf()))).toBe("label");
    expect(missing(editOf(recordOf(), draftOf({ labels: ["a"] })))).toBeNull();
    expect(missing(editOf(recordOf({ multiLabel: true })))).toBeNull();
  });

  it("is a text that says something", () => {
    const record = recordOf({ task: "Text2Text" });
    expect(missing(editOf(record, draftOf({ text: " \n" })))).toBe("text");
    expect(missing(editOf(record, draftOf({ text: "a" })))).toBeNull();
  });

  it("is no span, since a text may name nothing", () => {
    expect(missing(editOf(tokenRecordOf("Ada")))).toBeNull();
  });
});
