// @vitest-environment jsdom
import { expect, it } from "vitest";

import { type Batch, batches, kindOf, peek, plain } from "./file-rows";

async function read(name: string, text: string, size = 2): Promise<Batch[]> {
  const found = [];
  for await (const batch of batches(new File([text], name), size)) found.push(batch);
  return found;
}

it("reads JSON lines in batches, with the numbers of broken lines and large numbers unchanged", async () => {
  const found = await read("a.jsonl", '{"id": 1234567890123456789}\n\n[1]\n{"t": "a\\u2028b"}\nnone');
  expect(found.flatMap((each) => each.rows)).toEqual([{ number: 1, row: { id: "1234567890123456789" } }, { number: 3, row: { t: "a\u2028b" } }]);
  expect(found.flatMap((each) => each.broken.map(({ row }) => row))).toEqual([2, 4]);
  expect(found.map((each) => each.share)).toEqual(found.map((each) => each.share).sort());
});

it("reads a list of objects, and JSON lines that are called .json", async () => {
  expect((await read("a.json", '[{"a": 1}, 2, {"a": 3}]')).flatMap((each) => each.rows.map(({ row }) => row["a"]))).toEqual([1, 3]);
  expect((await read("a.json", '{"a": 1}\n{"a": 2}')).flatMap((each) => each.rows)).toHaveLength(2);
});

it("reads tables with any separator, quotes and line breaks in cells", async () => {
  const found = await read("a.csv", '\uFEFFid;text\n1;"a; b"\n2;"two\nlines"\n3\n4;d\n');
  expect(found.flatMap((each) => each.rows)).toEqual([
    { number: 1, row: { id: "1", text: "a; b" } }, { number: 2, row: { id: "2", text: "two\nlines" } }, { number: 4, row: { id: "4", text: "d" } },
  ]);
  expect(found.flatMap((each) => each.broken)).toMatchObject([{ row: 3 }]);
});

it("looks at the beginning only, and at nothing in an empty file", async () => {
  expect((await peek(new File(["a,b\n1,2\n3,4\n5,6"], "a.csv"), 2)).rows).toHaveLength(2);
  expect(await peek(new File([""], "a.csv"), 2)).toEqual({ rows: [], broken: [], share: 1 });
});

it("knows kinds of files by their names, and cells of Parquet as JSON", () => {
  expect(["a.NDJSON", "b.tsv", "c.parquet", "d.xlsx"].map(kindOf)).toEqual(["jsonl", "csv", "parquet", null]);
  expect(plain({ a: 5n, b: 2n ** 60n, c: [new Date(0)], d: new Float32Array([0.5]) })).toEqual({ a: 5, b: String(2n ** 60n), c: ["1970-01-01T00:00:00.000Z"], d: [0.5] });
});
