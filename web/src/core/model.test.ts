import { describe, expect, it } from "vitest";

import { draftOf, recordOf, spanOf, submittedOf, tokenRecordOf } from "@/testing/records";

import { contentOf, isEmpty, sameAnswer, sameValue } from "./model";

describe("two values", () => {
  it("are the same whatever the order of their labels", () => {
    expect(sameValue({ labels: ["a", "b"] }, { labels: ["b", "a"] })).toBe(true);
    expect(sameValue({ labels: ["a", "b"] }, { labels: ["a"] })).toBe(false);
    expect(sameValue({ labels: ["a"] }, { labels: ["b"] })).toBe(false);
  });

  it("differ by where a span lies or by its label, not by its score", () => {
    const value = { spans: [spanOf(0, 3)] };
    expect(sameValue(value, { spans: [{ ...spanOf(0, 3), score: 0.4 }] })).toBe(true);
    expect(sameValue(value, { spans: [spanOf(0, 4)] })).toBe(false);
    expect(sameValue(value, { spans: [spanOf(1, 3)] })).toBe(false);
    expect(sameValue(value, { spans: [spanOf(0, 3, "LOC")] })).toBe(false);
  });

  it("differ by their text, of which none is the same as an empty one", () => {
    expect(sameValue({ text: "" }, {})).toBe(true);
    expect(sameValue({ text: "a" }, { text: "b" })).toBe(false);
  });

  it("differ once something was rejected", () => {
    expect(sameValue({ rejected: [spanOf(0, 3)] }, {})).toBe(false);
  });
});

it("an answer with the same value is another one in another state", () => {
  expect(sameAnswer(draftOf({ labels: ["a"] }), submittedOf({ labels: ["a"] }))).toBe(false);
  expect(sameAnswer(draftOf({ labels: ["a"] }), draftOf({ labels: ["a"] }))).toBe(true);
});

it("a value is empty without labels, spans and text", () => {
  expect([{}, { labels: [] }, { spans: [] }, { text: "" }].map(isEmpty)).toEqual([true, true, true, true]);
  expect([{ labels: ["a"] }, { spans: [spanOf(0, 1)] }, { text: "a" }].map(isEmpty)).toEqual([false, false, false]);
});

describe("what an answer refers to", () => {
  it("stays the same when metadata or predictions change", () => {
    expect(contentOf(recordOf({ metadata: { a: 1 }, multiLabel: true }))).toBe(contentOf(recordOf()));
  });

  it("is another one with another text, another field or other tokens", () => {
    const record = tokenRecordOf("Ada met Ben");
    expect(contentOf({ ...record, fields: [{ name: "text", text: "Ada met Cy" }] })).not.toBe(contentOf(record));
    expect(contentOf({ ...record, fields: [{ name: "title", text: "Ada met Ben" }] })).not.toBe(contentOf(record));
    expect(contentOf({ ...record, tokens: record.tokens.slice(1) })).not.toBe(contentOf(record));
  });
});
