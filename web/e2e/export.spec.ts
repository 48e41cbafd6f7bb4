import { readFile } from "node:fs/promises";

import type { Page } from "@playwright/test";

import { expect, expectAccessible, test, TOPICS, topics } from "./journey";

/** The file that a click on Download brings. */
async function downloaded(page: Page): Promise<{ name: string; text: string }> {
  const coming = page.waitForEvent("download");
  await page.getByRole("dialog").getByRole("button", { name: "Download" }).click();
  const file = await coming;
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), "utf8") };
}

test("what a filter finds is exported, with everybody's answers or without, as JSON lines or for a spreadsheet", async ({ page, server, signIn }) => {
  await server.log("out", "TextClassification", [...topics(6), { id: "formula", inputs: { text: "=1+1" }, metadata: { user: "ana" } }], { labels: TOPICS });
  await server.assign("out", { users: ["ana", "ben"], overlap: "all" });
  for (const who of ["ana", "ben"]) await server.answer(who, "out", "t00", "sport");
  await signIn("admin");
  await page.goto("/datasets/team/out?metadata.user=ana");
  await page.getByRole("button", { name: "Export" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("3 records")).toBeVisible();
  await expectAccessible(page);
  const all = await downloaded(page);
  expect(all.name).toBe("out.jsonl");
  const lines = all.text.trim().split("\n").map((each) => JSON.parse(each) as Record<string, unknown>);
  expect(lines.map((each) => each["id"])).toEqual(["formula", "t00", "t03"]);
  expect(Object.keys(lines[1]?.["answers"] as object)).toEqual(["ana", "ben"]);
  await expect(dialog.getByText("out.jsonl downloaded")).toBeVisible();

  await dialog.getByRole("radio", { name: "All records" }).check();
  await expect(dialog.getByText("7 records")).toBeVisible();
  await dialog.getByRole("radio", { name: "Final value only" }).check();
  await dialog.getByRole("radio", { name: "CSV" }).check();
  await dialog.getByRole("checkbox", { name: "For a spreadsheet" }).check();
  const table = await downloaded(page);
  expect(table.name).toBe("out.csv");
  const rows = table.text.trim().split("\r\n");
  expect(rows).toHaveLength(8);
  expect(rows[0]).not.toContain("answer.");
  expect(table.text).toContain("'=1+1");

  await signIn("ana");
  await page.goto("/datasets/team/out");
  await expect(page.getByRole("button", { name: "Keyboard and help" }).or(page.getByRole("button", { name: "Help" })).first()).toBeVisible();
  await expect(page.getByRole("button", { name: "Export" })).toHaveCount(0);
});
