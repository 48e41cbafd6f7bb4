/** Unit tests keep pace with the code: their lines against those of everything that is not generated. */

import { readdirSync, readFileSync } from "node:fs";

import { expect, it } from "vitest";

/** May be raised, never lowered: code that arrives without tests has to bring some. */
const LEAST = 0.15;

const files = readdirSync("src", { recursive: true, encoding: "utf8" }).filter((each) => /\.tsx?$/.test(each) && each !== "api/schema.d.ts");
const isTest = (file: string) => /\.test\.tsx?$/.test(file);
const isHelper = (file: string) => file.startsWith("testing/") && !isTest(file);
const linesOf = (all: readonly string[]) => all.reduce((sum, each) => sum + readFileSync(`src/${each}`, "utf8").split("\n").length - 1, 0);

it(`has at least ${String(LEAST * 100)} lines of unit tests for each 100 lines of code`, () => {
  const tests = linesOf(files.filter(isTest));
  const code = linesOf(files.filter((each) => !isTest(each) && !isHelper(each)));
  expect(code).toBeGreaterThan(10_000); // the files were found
  expect(tests / code, `${String(tests)} lines of tests for ${String(code)} of code`).toBeGreaterThanOrEqual(LEAST);
});
