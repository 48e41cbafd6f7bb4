/** Breaks the walls between the folders of `src` on purpose: ESLint has to refuse it. */

import { readdirSync } from "node:fs";

import { ESLint } from "eslint";
import { expect, it } from "vitest";

const foldersIn = (path: string) => readdirSync(path, { withFileTypes: true }).filter((each) => each.isDirectory()).map(({ name }) => name);
const PAGES = foldersIn("src/features");
const eslint = new ESLint({ ruleFilter: ({ ruleId }) => ruleId.startsWith("no-restricted-") });

/** Return what of these lines is refused in this file. */
async function refused(file: string, lines: readonly string[]): Promise<string[]> {
  const [result] = await eslint.lintText(lines.join("\n"), { filePath: `src/${file}` });
  return [...new Set((result?.messages ?? []).map(({ line }) => lines[line - 1] ?? ""))];
}

it.each(PAGES)("%s imports no other page", async (page) => {
  const lines = PAGES.filter((each) => each !== page).map((each) => `import "@/features/${each}/any";`);
  expect(await refused(`features/${page}/any.tsx`, lines)).toEqual(lines);
});

it.each([
  ["features/review/any.tsx", 'import { x } from "@/features/annotate/any";'],
  ["features/review/any.tsx", 'import type { X } from "@/features/annotate/any";'],
  ["features/review/any.tsx", 'export * from "@/features/annotate/any";'],
  ["features/review/any.tsx", 'const x = lazy(() => import("@/features/annotate/any"));'],
  ["features/review/any.tsx", 'const x = lazy(() => import(`@/features/annotate/any`));'],
  ["features/review/any.tsx", 'type X = import("@/features/annotate/any").X;'],
  ["features/review/any.tsx", 'import x from "@/features/annotate/side/any.module.css";'],
  ["features/review/any.tsx", 'import "../annotate/any";'],
  ["features/annotate/one/any.tsx", 'import "../../review/any";'],
  ["features/review/any.tsx", 'import "@/record/../features/annotate/any";'],
  ["features/review/any.tsx", 'import "@/features/review-of-others/any";'],
  ["features/review/any.tsx", 'import "@/app/router";'],
  ["record/any.tsx", 'import "@/features/annotate/any";'],
  ["record/any.tsx", 'import "@/app/any";'],
  ["record/any.tsx", 'import "@/search/any";'],
  ["search/any.tsx", 'import "@/features/annotate/any";'],
  ["search/any.tsx", 'import "@/record/any";'],
  ["app/shell.tsx", 'const x = lazy(() => import("@/features/annotate/any"));'],
  ["ui/any.tsx", 'import "@/api/any";'],
  ["api/any.ts", 'import "@mantine/core";'],
  ["core/any.ts", 'import { useState } from "react";'],
  ["core/any.ts", 'import "@/api/client";'],
  ["core/any.ts", 'import "@/testing/any";'],
  ["features/review/any.tsx", 'import "@/testing/any";'],
  ["features/review/any.test.tsx", 'import "@/features/annotate/any";'],
])("in %s is refused: %s", async (file, line) => {
  expect(await refused(file, [line])).toEqual([line]);
});

it.each([
  ["features/annotate/one/any.tsx", ["./any", "@/features/annotate/any", "@/app/any", "@/record/any", "@/search/any", "@/core/any", "react"]],
  ["app/router.tsx", ["@/features/annotate/any", "./shell", "@/api/any"]],
  ["features/review/any.test.tsx", ["./any", "@/testing/any", "@/record/any"]],
  ["core/any.test.ts", ["./any", "@/testing/any"]],
  ["record/any.tsx", ["./any", "@/api/any", "@/core/any", "@/text/any", "@/ui/any", "@mantine/core"]],
])("%s imports what lies below it", async (file, modules) => {
  expect(await refused(file, modules.map((each) => `import "${each}";`))).toEqual([]);
});

it("leaves no folder without a wall", async () => {
  for (const folder of foldersIn("src").filter((each) => each !== "testing" && each !== "features")) {
    expect(await refused(`${folder}/any.ts`, ['import "@/main";']), folder).toHaveLength(1);
  }
});
