import { readFile } from "node:fs/promises";

import { expect, expectAccessible, test, TOPICS, topics } from "./journey";

test("an administrator sees who downloaded what and who may do what, narrows it, and takes it along", async ({ page, server, signIn }) => {
  await server.log("watched", "TextClassification", topics(4), { labels: TOPICS });
  const key = (as: string) => ({ "X-Argilla-Api-Key": `${as}.apikey` });
  const exported = await page.request.post("/api/datasets/watched/export?workspace=team", { headers: key("admin"), data: { format: "csv" } });
  expect(exported.ok()).toBe(true);
  const promoted = await page.request.patch("/api/workspaces/team/members/cy", { headers: key("admin"), data: { role: "manager" } });
  expect(promoted.ok()).toBe(true);

  await signIn("admin");
  await page.goto("/");
  await page.getByRole("button", { name: "Account of Admin" }).click();
  await page.getByRole("menuitem", { name: "Audit log" }).click();
  const events = page.getByRole("list", { name: "Events" }).getByRole("listitem");
  await expect(events.filter({ hasText: "admin downloaded 4 records of watched as csv" })).toHaveCount(1);
  await expect(events.filter({ hasText: "admin changed the role of cy in team from annotator to manager" })).toHaveCount(1);
  await expect(events.filter({ hasText: "admin signed in · from 127.0.0.1" }).first()).toBeVisible();
  await expectAccessible(page);

  const filters = page.getByRole("search", { name: "Filters" });
  await filters.getByRole("combobox", { name: "Area" }).click();
  await page.getByRole("option", { name: "Downloads" }).click();
  await page.keyboard.press("Escape");
  await filters.getByRole("textbox", { name: "Dataset" }).fill("watched");
  await filters.getByRole("button", { name: "Show" }).click();
  await expect(events).toHaveCount(1);
  await expect(page).toHaveURL(/area=downloads/);
  await events.getByText("Details").click();
  await expect(events.getByText('"records": 4')).toBeVisible();

  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download CSV" }).click();
  const file = await coming;
  expect(file.suggestedFilename()).toBe("audit.csv");
  const rows = (await readFile(await file.path(), "utf8")).trim().split("\r\n");
  expect(rows).toHaveLength(2);
  expect(rows[1]).toContain("exported,downloads,team,watched");

  await page.setViewportSize({ width: 375, height: 700 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
  await filters.getByRole("textbox", { name: "Dataset" }).fill("nowhere");
  await filters.getByRole("button", { name: "Show" }).click();
  await expect(page.getByRole("heading", { name: "No matching events" })).toBeVisible();
  await expectAccessible(page);

  await signIn("cy"); // who manages the workspace by now, but not the server
  await page.goto("/audit");
  await expect(events.filter({ hasText: "admin downloaded 4 records of watched as csv" })).toHaveCount(1);
  await expect(page.getByText("signed in")).toHaveCount(0);
  await expect(page.getByText("from 127.0.0.1")).toHaveCount(0);

  await signIn("ana");
  await page.goto("/audit");
  await expect(page.getByRole("heading", { name: "You don’t have access to the audit log" })).toBeVisible();
});
