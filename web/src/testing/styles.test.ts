/** Widgets look as they should: each has a style, and the build brings it along. */

import { existsSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";

import { styleOf } from "../../vite.parts";

test("every part of Mantine that names classes brings its style along", () => {
  const files = readdirSync("node_modules/@mantine/core/esm", { recursive: true, encoding: "utf8" }).filter((each) => each.endsWith(".module.mjs"));
  const styles = files.map((each) => ({ each, style: styleOf(`/web/node_modules/@mantine/core/esm/${each}`) }));
  expect(styles.length).toBeGreaterThan(50);
  expect(styles.filter(({ style }) => !style || !existsSync(`node_modules/${style}`))).toEqual([]);
});
