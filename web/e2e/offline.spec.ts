/** Without a network: what opens over the records, what is answered, and that the page stays. */

import { type Route } from "@playwright/test";

import { expect, test, TOPICS, topics } from "./journey";

test("dialogs open and answers are kept without a network, and sent when it is back", async ({ page, context, server, signIn }) => {
  await server.log("without-network", "TextClassification", topics(8), { labels: TOPICS });
  await server.assign("without-network", { overlap: 1, users: ["ana"] }, { blind: true });
  await server.ask("admin", "PUT", "without-network/guidelines", { text: "# Topics\n\nOne of three." });
  await signIn("ana");
  const panels = page.waitForResponse(/\/assets\/panels-[^/]*\.js$/);
  await page.goto("/datasets/team/without-network?view=queue");
  await expect(page.getByRole("article")).toBeVisible();
  const first = (await page.getByRole("article").getAttribute("aria-label")) ?? "";
  await panels; // on their own, a while after the record
  await page.waitForLoadState("networkidle");
  await page.evaluate(() => { Object.assign(window, { same: true }); });

  await context.setOffline(true);
  for (const [key, name] of [["s", /skip/i], ["?", /shortcuts/i], ["f", /./]] as const) {
    await page.keyboard.press(key);
    const dialog = page.getByRole("dialog", { name });
    await expect(dialog).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
  }
  await page.getByRole("button", { name: /^Account of/ }).click();
  await expect(page.getByRole("menuitem", { name: "My settings" })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await expect(page.getByText("One of three.")).toBeVisible();
  await page.keyboard.press("2");
  await expect(page.getByText("7 left", { exact: true })).toBeVisible();
  await expect(page.getByText(/^Offline: 1 answer/)).toBeVisible();

  await context.setOffline(false);
  await expect(page.getByText(/^Saved \d\d:\d\d/)).toBeVisible();
  const id = topics(8).map((each) => String(each.id)).find((each) => first.includes(each)) ?? "";
  await expect.poll(async () => await server.mine("ana", "without-network", id)).toMatchObject({ state: "submitted" });
  expect(await page.evaluate(() => "same" in window)).toBe(true); // nothing was loaded anew
});

test("what cannot be had says so, and neither the record nor the app around it goes", async ({ page, context, server, signIn }) => {
  await server.log("gone-away", "TextClassification", topics(4), { labels: TOPICS });
  await server.assign("gone-away", { overlap: 1, users: ["ana"] }, { blind: true });
  await signIn("ana");
  const asked: Route[] = []; // held back until there is no network: while there is one, a missing file means an upgrade
  await page.route(/\/assets\/panels-/, (route) => { asked.push(route); });
  await page.goto("/datasets/team/gone-away?view=queue", { waitUntil: "commit" });
  await expect(page.getByRole("article")).toBeVisible();
  await page.evaluate(() => { Object.assign(window, { same: true }); });
  await context.setOffline(true);
  await page.keyboard.press("?");
  await expect.poll(() => asked.length).toBeGreaterThan(0);
  await page.route(/\/assets\/panels-/, (route) => route.abort("internetdisconnected"));
  for (const each of asked) await each.abort("internetdisconnected");
  const alert = page.getByRole("alert").filter({ hasText: "You’re offline" });
  await expect(alert).toBeVisible();
  await page.keyboard.press("1");
  await expect(page.getByText("3 left", { exact: true })).toBeVisible();
  await page.unroute(/\/assets\/panels-/);
  await context.setOffline(false);
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("dialog", { name: /shortcuts/i })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByText(/^Saved \d\d:\d\d/)).toBeVisible();
  expect(await page.evaluate(() => "same" in window)).toBe(true);

  await context.setOffline(true);
  await page.getByRole("link", { name: "Datasets", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("You’re offline");
  await expect(page.getByRole("link", { name: "My work" })).toBeVisible();
  await page.getByRole("button", { name: "Try again" }).click(); // nothing worse comes of it
  await expect(page.getByRole("alert")).toContainText("You’re offline");
  await context.setOffline(false);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "Datasets" })).toBeVisible();
});
