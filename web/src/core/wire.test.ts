import { describe, expect, it } from "vitest";

import type { WireRecord } from "@/api/shapes";

import { fingerprint, fingerprintOf, readOwn, readRecord, writeValue } from "./wire";

describe("a record from the server", () => {
  const wire: WireRecord & { text: string } = {
    id: 7,
    status: "Validated",
    text: "😀 Ada",
    tokens: ["😀", "Ada"],
    prediction: { agent: "m", entities: [{ start: 2, end: 5, label: "PER", score: 0.5 }] },
    annotation: { agent: "ana", entities: [{ start: 2, end: 5, label: "LOC" }] },
  };

  it("has its positions in units", () => {
    const record = readRecord(wire, "TokenClassification");
    expect(record).toMatchObject({ id: "7", author: "ana", answer: { state: "submitted", value: { spans: [{ start: 3, end: 6, label: "LOC" }] } } });
    expect(record.suggestions[0]?.spans).toEqual([{ start: 3, end: 6, label: "PER", score: 0.5 }]);
  });

  it("is answered in code points", () => {
    const { answer } = readRecord(wire, "TokenClassification");
    expect(writeValue(answer.value, "TokenClassification", wire.text)).toEqual({ entities: [{ start: 2, end: 5, label: "LOC" }] });
  });
});

describe("a record by its task", () => {
  const classified: WireRecord = {
    id: "r1",
    inputs: { title: "One", body: ["first", "second"] },
    multi_label: true,
    status: "Edited",
    annotation: { agent: "ana", labels: [{ class: "a" }, { class: "b" }] },
    predictions: { m1: { labels: [{ class: "a", score: 0.9 }] }, m2: { labels: [{ class: "b" }] } },
    vectors: { mini: { value: [1, 2] } },
    search_keywords: ["first"],
  };

  it("has several texts to classify, lists of lines joined", () => {
    expect(readRecord(classified, "TextClassification")).toMatchObject({
      fields: [{ name: "title", text: "One" }, { name: "body", text: "first\nsecond" }],
      multiLabel: true,
      answer: { state: "draft", value: { labels: ["a", "b"] } },
      vectors: ["mini"],
      hits: ["first"],
      tokens: [],
    });
  });

  it("keeps the predictions of each agent apart; one without a score is certain", () => {
    expect(readRecord(classified, "TextClassification").suggestions).toMatchObject([
      { agent: "m1", labels: [{ label: "a", score: 0.9 }] },
      { agent: "m2", labels: [{ label: "b", score: 1 }] },
    ]);
  });

  it("reads a single prediction as clients of 1.x send it, and none", () => {
    const single = { id: 1, text: "x", prediction: { labels: [{ class: "a", score: 0.5 }] } };
    expect(readRecord(single, "TextClassification").suggestions).toMatchObject([{ agent: "", labels: [{ label: "a", score: 0.5 }] }]);
    expect(readRecord({ id: 1, text: "x", predictions: {}, prediction: single.prediction }, "TextClassification").suggestions).toEqual([]);
    expect(readRecord({ id: 1, text: "x" }, "TextClassification").suggestions).toEqual([]);
  });

  it("has the first sentence as the text that was written", () => {
    const written: WireRecord = { id: 1, text: "long", status: "Validated", annotation: { agent: "ana", sentences: [{ text: "short" }, { text: "shorter" }] } };
    expect(readRecord(written, "Text2Text").answer).toEqual({ state: "submitted", value: { text: "short" } });
    expect(writeValue({ text: "short" }, "Text2Text", "long")).toEqual({ sentences: [{ text: "short" }] });
  });

  it("is unanswered where nobody said anything", () => {
    expect(readRecord({ id: 1, text: "x" }, "TextClassification").answer).toEqual({ state: "none", value: {} });
  });

  it("has its spans in the order of the text", () => {
    const entities = [{ start: 4, end: 7, label: "B" }, { start: 0, end: 5, label: "A" }, { start: 0, end: 3, label: "A" }];
    const record = readRecord({ id: 1, text: "Ada Ben", tokens: ["Ada", "Ben"], annotation: { agent: "ana", entities } }, "TokenClassification");
    expect(record.answer.value.spans?.map((each) => [each.start, each.end])).toEqual([[0, 3], [0, 5], [4, 7]]);
  });
});

describe("the fingerprint of an answer", () => {
  const annotation = { agent: "ana", labels: [{ class: "a", score: 1 }] };
  const wire: WireRecord = { id: 1, status: "Validated", annotation };

  it("is another one with another author, status or value", () => {
    const others: WireRecord[] = [
      { ...wire, status: "Discarded" },
      { ...wire, annotation: { ...annotation, agent: "ben" } },
      { ...wire, annotation: { ...annotation, labels: [{ class: "b" }] } },
      { ...wire, annotation: { agent: "ana", entities: [{ start: 0, end: 1, label: "a" }] } },
      { ...wire, annotation: { agent: "ana", sentences: [{ text: "a" }] } },
      { ...wire, annotation: null },
    ];
    expect(new Set([wire, ...others].map(fingerprint)).size).toBe(others.length + 1);
  });

  it("is the same whatever else the record has, and whatever the score", () => {
    const read: WireRecord = { ...wire, metadata: { a: 1 }, annotation: { agent: "ana", labels: [{ class: "a", score: 0.4 }] } };
    expect(fingerprint({ ...read, id: 9 })).toBe(fingerprint(wire));
  });

  it("of one's own annotation is that of the record it would stand in", () => {
    expect(fingerprintOf({ state: "submitted", value: { labels: [{ class: "a" }] } }, "ana")).toBe(fingerprint(wire));
    expect(fingerprintOf({ state: "none", value: null }, "ana")).toBe(fingerprint({ id: 1 }));
  });
});

it("one's own annotation has its positions in units too", () => {
  const own = { state: "draft" as const, value: { entities: [{ start: 2, end: 5, label: "PER" }] } };
  expect(readOwn(own, "TokenClassification", "😀 Ada")).toEqual({ state: "draft", value: { spans: [{ start: 3, end: 6, label: "PER" }] } });
  expect(readOwn({ state: "none", value: null }, "TextClassification", "x")).toEqual({ state: "none", value: {} });
});
