import { expect, it } from "vitest";
import writeExcel from "write-excel-file/universal";

import { sheetNames } from "./file-table";
import { unpackedSize } from "./zip-size";

const made = async (rows: number) => {
  const data = Array.from({ length: rows }, (_, n) => [{ value: `the same text in every cell, which packs well ${String(n % 7)}` }]);
  return (await writeExcel([{ data, sheet: "A" }])).toBlob();
};

it("knows how large a spreadsheet is unpacked, and that it grows with its cells", async () => {
  const [few, many] = [await made(10), await made(5_000)];
  const [small, large] = [await unpackedSize(few), await unpackedSize(many)];
  expect(small).toBeGreaterThan(few.size);
  expect(large).toBeGreaterThan((small ?? 0) * 10);
  expect(large).toBeGreaterThan(many.size);
});

it("says nothing of what is no zip file", async () => {
  expect(await unpackedSize(new Blob(["text, not packed"]))).toBeNull();
  expect(await unpackedSize(new Blob([]))).toBeNull();
});

it("refuses a spreadsheet that is too large before it unpacks it, and says what to do", async () => {
  const file = await made(5_000);
  await expect(sheetNames(file, 10_000)).rejects.toThrow(/Save it as CSV/);
  expect(await sheetNames(file)).toEqual(["A"]);
});
