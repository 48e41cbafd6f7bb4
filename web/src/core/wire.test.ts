import { describe, expect, it } from "vitest";

import type { WireRecord } from "@/api/shapes";

import { readRecord, writeValue } from "./wire";

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
