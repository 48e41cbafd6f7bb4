/** Code to train a model: found, with the names of the dataset in it, and copied. */

import { expect, expectAccessible, test, TOPICS, topics } from "./journey";

test("who leads copies code that trains on this dataset", async ({ page, server, signIn, context }) => {
  await server.log("to-learn", "TextClassification", [...topics(2), { ...topics(1)[0], id: "v", status: "Validated", annotation: { agent: "admin", labels: [{ class: "sport" }] } }], { labels: TOPICS });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await signIn("admin");
  await page.goto("/datasets/team/to-learn");
  await page.getByRole("button", { name: "Train a model" }).click();
  const dialog = page.getByRole("dialog", { name: "Train a model on to-learn" });
  await expect(dialog).toContainText("1 validated record");
  await expectAccessible(page);
  await dialog.getByRole("tab", { name: "SetFit" }).click();
  await expect(dialog.getByRole("region", { name: "Code for SetFit" })).toContainText('rg.load("to-learn")');
  await dialog.getByRole("button", { name: "Copy the code for SetFit" }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain('workspace="team"');
  expect(copied).toContain("SetFitModel");
  await page.setViewportSize({ width: 375, height: 740 });
  await expect(dialog.getByRole("tab", { name: "scikit-learn" })).toBeVisible();
  await page.keyboard.press("Escape");
  await signIn("ana");
  await page.goto("/datasets/team/to-learn");
  await expect(page.getByRole("article")).toBeVisible();
  await expect(page.getByRole("button", { name: "Train a model" })).toHaveCount(0);
});
