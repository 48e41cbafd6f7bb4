import { readdirSync, readFileSync } from "node:fs";

import { expect, it } from "vitest";

const SOURCE = new URL("..", import.meta.url);

function read(ending: string): Record<string, string> {
  const names = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(ending));
  return Object.fromEntries(names.map((name) => [name, readFileSync(new URL(name, SOURCE), "utf8")]));
}

/** Handles and popups are placed by where something is on the screen. */
const PLACED = /record\/(handles|label-popup)|\.test\.tsx$/;

function found(files: Record<string, string>, wrong: RegExp): string[] {
  return Object.entries(files).flatMap(([name, text]) => (PLACED.test(name) ? [] : [...text.matchAll(wrong)].map(([match]) => `${name}: ${match.trim()}`)));
}

it("styles name the start and the end of a line, not left and right", () => {
  const styles = read(".css");
  expect(Object.keys(styles).length).toBeGreaterThan(10);
  expect(found(styles, /(?:margin|padding|border|inset)-(?:left|right)\b|text-align: (?:left|right)|(?:^|[{;])\s*(?:left|right|float):/gm)).toEqual([]);
  expect(found(read(".tsx"), /\b(?:ml|mr|pl|pr)=|\bta="(?:left|right)"|\b(?:margin|padding)(?:Left|Right)\b|textAlign: "(?:left|right)"/g)).toEqual([]);
});
