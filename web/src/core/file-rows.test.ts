// @vitest-environment jsdom
import { expect, it } from "vitest";
import writeExcel from "write-excel-file/universal";

import { type Batch, batches, kindOf, open, peek, plain, type ReadAs, type Source } from "./file-rows";

const source = (file: File, as: Partial<ReadAs> = {}): Source => ({ file, kind: kindOf(file.name) ?? "csv", as: { encoding: "utf-8", header: true, sheet: null, ...as } });

async function readFile(file: File, as: Partial<ReadAs> = {}, size = 2): Promise<Batch[]> {
  const found = [];
  for await (const batch of batches(source(file, as), size)) found.push(batch);
  return found;
}
const read = (name: string, text: string, as: Partial<ReadAs> = {}) => readFile(new File([text], name), as);
const rowsOf = (found: readonly Batch[]) => found.flatMap((each) => each.rows.map(({ row }) => row));
const brokenOf = (found: readonly Batch[]) => found.flatMap((each) => each.broken);

it("reads JSON lines in batches, with the lines of broken rows and large numbers unchanged", async () => {
  const found = await read("a.jsonl", '{"id": 1234567890123456789}\n\n[1]\n{"t": "a\\u2028b"}\nnone');
  expect(found.flatMap((each) => each.rows)).toEqual([{ number: 1, line: 1, row: { id: "1234567890123456789" } }, { number: 3, line: 4, row: { t: "a\u2028b" } }]);
  expect(brokenOf(found).map(({ number, line }) => [number, line])).toEqual([[2, 3], [4, 5]]);
  expect(found.map((each) => each.share)).toEqual(found.map((each) => each.share).sort());
});

it("reads a list of objects, and JSON lines that are called .json", async () => {
  expect(rowsOf(await read("a.json", '[{"a": 1}, 2, {"a": 3}]')).map((row) => row["a"])).toEqual([1, 3]);
  expect(rowsOf(await read("a.json", '{"a": 1}\n{"a": 2}'))).toHaveLength(2);
});

it("reads a text file as one record a line", async () => {
  const found = await read("a.txt", "One, two; three.\r\n\r\n\"Four\n");
  expect(found.flatMap((each) => each.rows)).toEqual([{ number: 1, line: 1, row: { text: "One, two; three." } }, { number: 2, line: 3, row: { text: '"Four' } }]);
});

it("reads tables with any separator, quotes and line breaks in cells", async () => {
  const found = await read("a.csv", '\uFEFFid;text\n1;"a; b"\n2;"two\nlines"\n3\n4;d;\n\n5;e;f\n');
  expect(found.flatMap((each) => each.rows)).toEqual([
    { number: 1, line: 2, row: { id: "1", text: "a; b" } }, { number: 2, line: 3, row: { id: "2", text: "two\nlines" } }, { number: 4, line: 6, row: { id: "4", text: "d" } },
  ]);
  expect(brokenOf(found)).toEqual([{ number: 3, line: 5, fault: { kind: "cells" } }, { number: 5, line: 8, fault: { kind: "cells" } }]);
});

it.each([["\r\n"], ["\r"], ["\n"]])("reads lines that end in %j, and separators named by a spreadsheet", async (newline) => {
  expect(rowsOf(await read("a.csv", ["a,b", '1,"x"', "2,y", ""].join(newline)))).toEqual([{ a: "1", b: "x" }, { a: "2", b: "y" }]);
  if (newline !== "\r") expect(rowsOf(await read("a.csv", ["sep=;", "a,b;c", "1;2"].join(newline)))).toEqual([{ "a,b": "1", c: "2" }]);
});

it("names the lines that a quote without an end takes in, and those with a quote that is not doubled", async () => {
  expect(brokenOf(await read("a.csv", 'id,text\n1,one\n2,"two\n3,three\n4,four\n'))).toEqual([{ number: 2, line: 3, fault: { kind: "unclosed", from: 3, to: 5 } }]);
  const found = await read("a.csv", 'id,text\n1,"He said "no" again"\n2,"begins\n3,"ends"\n4,four');
  expect(brokenOf(found).map((each) => each.fault)).toEqual([{ kind: "quote", from: 2, to: 2 }, { kind: "quote", from: 3, to: 4 }]);
  expect(rowsOf(found)).toEqual([{ id: "4", text: "four" }]);
});

it("loses no first row of a table that has no header", async () => {
  expect(rowsOf(await read("a.csv", "1,one\n2,two", { header: false }))).toEqual([{ "column 1": "1", "column 2": "one" }, { "column 1": "2", "column 2": "two" }]);
  const headed = async (text: string) => (await open(new File([text], "a.csv"), "csv", [])).as.header;
  expect([await headed("id,text\n1,one"), await headed("1,one\n2,two"), await headed("This is a sentence.\nAnd one more."), await headed("")]).toEqual([true, false, false, true]);
});

it("gives columns that have one name, or none, names of their own", async () => {
  expect(rowsOf(await read("a.csv", "a,,a\n1,2,3"))).toEqual([{ a: "1", "column 2": "2", "a 2": "3" }]);
});

it("keeps characters that lie across two pieces of a large file whole", async () => {
  const rows = Array.from({ length: 60_000 }, (_, n) => `${String(n)},${"ü€".repeat(1 + (n % 5))}`);
  const found = await readFile(new File([["n,text", ...rows].join("\n")], "a.csv"), {}, 10_000);
  expect(rowsOf(found)).toHaveLength(60_000);
  expect(rowsOf(found).filter((row) => /[^ü€]/.test(String(row["text"])))).toEqual([]);
});

it("reads the sheets of a spreadsheet, with the rows and values it shows", async () => {
  const day = { value: new Date(Date.UTC(2024, 0, 2)), type: Date, format: "yyyy-mm-dd" } as const;
  const first = [["text", "n", "day"].map((value) => ({ value })), [{ value: "  Größe €" }, { value: 1.5 }, day], [], [{ value: "x" }]];
  const made = await (await writeExcel([{ data: first, sheet: "Reviews" }, { data: [[{ value: "b" }], [{ value: true }]], sheet: "Other" }])).toBlob();
  const file = new File([await made.arrayBuffer()], "a.xlsx");
  const opened = await open(file, "excel", []);
  expect([opened.sheets, opened.as]).toEqual([["Reviews", "Other"], { encoding: "utf-8", header: true, sheet: "Reviews" }]);
  expect((await readFile(file)).flatMap((each) => each.rows)).toEqual([
    { number: 1, line: 2, row: { text: "  Größe €", n: 1.5, day: "2024-01-02" } }, { number: 2, line: 4, row: { text: "x", n: "", day: "" } },
  ]);
  expect(rowsOf(await readFile(file, { sheet: "Other" }))).toEqual([{ b: true }]);
});

it("looks at the beginning only, and at nothing in an empty file", async () => {
  expect((await peek(source(new File(["a,b\n1,2\n3,4\n5,6"], "a.csv")), 2)).rows).toHaveLength(2);
  expect(await peek(source(new File([""], "a.csv")), 2)).toEqual({ rows: [], broken: [], share: 1 });
});

it("knows kinds of files by their names, and cells of Parquet as JSON", () => {
  expect(["a.NDJSON", "b.tsv", "c.parquet", "d.xlsx", "e.txt", "f.xls"].map(kindOf)).toEqual(["jsonl", "csv", "parquet", "excel", "lines", null]);
  expect(plain({ a: 5n, b: 2n ** 60n, c: [new Date(0)], d: new Float32Array([0.5]) })).toEqual({ a: 5, b: String(2n ** 60n), c: ["1970-01-01T00:00:00.000Z"], d: [0.5] });
});
