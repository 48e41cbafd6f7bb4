// @vitest-environment jsdom
import { expect, it } from "vitest";

import { checkFile, type Job, storeFile } from "./file-import";
import type { Row } from "./file-rows";

const COLUMNS = [{ name: "id", role: "id" }, { name: "text", role: "text" }, { name: "label", role: "label" }] as const;

/** A server that names at most two errors an answer: of rows whose text is "bad". */
function job(lines: readonly unknown[], stored: Row[] = []): Job {
  return {
    source: { file: new File([lines.map((each) => (typeof each === "string" ? each : JSON.stringify(each))).join("\n")], "a.jsonl"), kind: "jsonl", as: { encoding: "utf-8", header: true, sheet: null } },
    columns: COLUMNS,
    prefix: "x-",
    send: (rows, dryRun) => {
      const errors = rows.flatMap((each, at) => (each["text"] === "bad" ? [{ row: at + 1, column: "text", message: "bad" }] : []));
      if (!dryRun) stored.push(...rows);
      return Promise.resolve({ records: rows.length - errors.length, errors: errors.slice(0, 2), left_out: errors.length });
    },
    onProgress: () => undefined,
    signal: new AbortController().signal,
    duplicate: (id, line) => `${id} is in line ${String(line)}`,
    unread: ({ kind }) => kind,
  };
}

it("finds every bad row, with its number and its line in the file, and all labels", async () => {
  const bad = { text: "bad" };
  const found = await checkFile(job([{ id: "a", text: "one", label: "x" }, "", "none", bad, { id: "a", text: "again" }, bad, bad, bad, { id: "b", text: "two", label: ["x", "y"] }]));
  expect([found.good, found.leftOut]).toEqual([2, 6]);
  expect(found.wrong.map((each) => each.row)).toEqual([2, 3, 4, 5, 6, 7]);
  expect(found.wrong.map((each) => each.line)).toEqual([3, 4, 5, 6, 7, 8]);
  expect(found.wrong[0]?.message).toBe("json");
  expect(found.wrong[2]?.message).toBe("a is in line 1");
  expect(found.labels).toEqual(["x", "y"]);
});

it("stores only what was found good, with ids that are the same at every try", async () => {
  const stored: Row[] = [];
  const wanted = job([{ text: "one" }, { text: "bad" }, { text: "two" }], stored);
  const checked = await checkFile(wanted);
  expect(stored).toEqual([]);
  expect(await storeFile(wanted, checked)).toBe(2);
  expect(stored.map((each) => each["#id"])).toEqual(["x-1", "x-3"]);
});

it("stops when it is told to", async () => {
  await expect(checkFile({ ...job([{ text: "one" }]), signal: AbortSignal.abort() })).rejects.toThrow();
});
