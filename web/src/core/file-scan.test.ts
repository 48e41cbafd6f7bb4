// @vitest-environment jsdom
import { expect, it } from "vitest";

import type { Column } from "./columns";
import type { Encoding } from "./file-encoding";
import { doneCount, labelsFound, scan, type Scan } from "./file-scan";

const look = (text: BlobPart, encoding: Encoding = "utf-8", signal = new AbortController().signal): Promise<Scan> =>
  scan({ file: new File([text], "a.csv"), kind: "csv", as: { encoding, header: true, sheet: null } }, () => undefined, signal);
const as = (name: string, role: Column["role"]): Column => ({ name, role });

it("counts all rows and finds labels in all of them, however far down", async () => {
  const rows = Array.from({ length: 3_000 }, (_, n) => `Text ${String(n)},${n < 2_990 ? "a" : `late ${String(n)}`}`);
  const found = await look(["text,topic", ...rows].join("\n"));
  expect(found.rows).toBe(3_000);
  expect(labelsFound(found, [as("topic", "label")])).toHaveLength(11);
  expect(labelsFound(found, [as("topic", "metadata")])).toEqual([]);
  expect(labelsFound(found, [as("text", "label")])).toEqual([]); // too many to be labels
});

it("says how many records count as done", async () => {
  const found = await look("text,topic\none,a\ntwo,\nthree,b");
  expect([doneCount(found, [as("topic", "label")]), doneCount(found, [as("topic", "prediction")])]).toEqual([2, 0]);
  const ours = await look("inputs.text,annotation,answer.ana,status\none,a,,Validated\ntwo,,b,Default\nthree,,,Default");
  const columns = [as("inputs.text", "own"), as("annotation", "own"), as("answer.ana", "own"), as("status", "own")];
  expect([doneCount(ours, columns), doneCount(ours, columns.map((each) => as(each.name, "skip")))]).toEqual([2, 0]);
});

it("finds signs for what could not be decoded, and the line of the first", async () => {
  const file = Uint8Array.from([...new TextEncoder().encode("text\nplain\nGr"), 0xfc, ...new TextEncoder().encode("n\n")]);
  expect(await look(file)).toMatchObject({ rows: 2, replaced: 1, firstReplaced: 3 });
  expect(await look(file, "windows-1252")).toMatchObject({ rows: 2, replaced: 0, firstReplaced: null });
});

it("stops when it is told to", async () => {
  await expect(look("a\n1", "utf-8", AbortSignal.abort())).rejects.toThrow();
});
