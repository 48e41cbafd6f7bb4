import { expect, it } from "vitest";

const STYLES = import.meta.glob<string>("../**/*.css", { query: "?raw", import: "default", eager: true });
const PARTS = import.meta.glob<string>("../**/*.tsx", { query: "?raw", import: "default", eager: true });

/** Handles and popups are placed by where something is on the screen. */
const PLACED = /record\/(handles|label-popup)|\.test\.tsx$/;

function found(files: Record<string, string>, wrong: RegExp): string[] {
  return Object.entries(files).flatMap(([name, text]) => (PLACED.test(name) ? [] : [...text.matchAll(wrong)].map(([match]) => `${name}: ${match.trim()}`)));
}

it("styles name the start and the end of a line, not left and right", () => {
  expect(Object.keys(STYLES).length).toBeGreaterThan(10);
  expect(found(STYLES, /(?:margin|padding|border|inset)-(?:left|right)\b|text-align: (?:left|right)|(?:^|[{;])\s*(?:left|right|float):/gm)).toEqual([]);
  expect(found(PARTS, /\b(?:ml|mr|pl|pr)=|\bta="(?:left|right)"|\b(?:margin|padding)(?:Left|Right)\b|textAlign: "(?:left|right)"/g)).toEqual([]);
});
