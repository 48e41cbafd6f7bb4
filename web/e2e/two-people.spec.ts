/** Two people in one browser: what one of them answered is never stored as the other's. */

import type { Page } from "@playwright/test";

import { expect, expectAccessible, PASSWORD, test, TOPICS, topics } from "./journey";

/** Signs whoever is signed in out, in a window of its own, and somebody else in. */
async function changeTo(page: Page, username: string) {
  await page.goto("/user-settings");
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("textbox", { name: "Username" }).fill(username);
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page).not.toHaveURL(/login/);
}

test("what ana answers in her tab after ben has signed in beside it waits for ana", async ({ page, server, signIn, context }) => {
  await server.log("shared-desk", "TextClassification", topics(4), { labels: TOPICS });
  await server.ask("admin", "PATCH", "shared-desk/policies", { annotation: "individual", blind: true });
  await signIn("ana");
  await page.goto("/datasets/team/shared-desk");
  await expect(page.getByText("1 of 4")).toBeVisible();

  const second = await context.newPage();
  await context.route("**/api/datasets/shared-desk/records/**", (route) => route.abort());
  await page.keyboard.press("1");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Offline: 1 answer kept on this device")).toBeVisible();
  await changeTo(second, "ben");

  const dialog = page.getByRole("dialog", { name: "Ben signed in in this browser" });
  await expect(dialog).toBeVisible(); // at once: the other window said so
  await expect(dialog.getByText("1 answer was not sent yet")).toBeVisible();
  await expectAccessible(page);
  await context.unroute("**/api/datasets/shared-desk/records/**");
  for (const offline of [true, false]) await context.setOffline(offline); // it tries again at once when the network is back
  await page.waitForTimeout(1_000);
  expect((await server.mine("ben", "shared-desk", "t00"))["state"]).toBe("none");
  expect((await server.mine("ana", "shared-desk", "t00"))["state"]).toBe("none");

  await dialog.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByText(/^Saved/)).toBeVisible();
  expect((await server.mine("ana", "shared-desk", "t00"))["value"]).toMatchObject({ labels: [{ class: "sport" }] });
  expect((await server.mine("ben", "shared-desk", "t00"))["state"]).toBe("none");
  await expect(second.getByRole("dialog", { name: "Ana signed in in this browser" })).toBeVisible();
});

test("a tab that was not told finds out when it sends", async ({ page, server, signIn }) => {
  await server.log("untold", "TextClassification", topics(4), { labels: TOPICS });
  await server.ask("admin", "PATCH", "untold/policies", { annotation: "individual", blind: true });
  await signIn("ana");
  await page.goto("/datasets/team/untold");
  await expect(page.getByText("1 of 4")).toBeVisible();
  await signIn("ben"); // as by a program, which tells no window
  await page.keyboard.press("1");
  await page.keyboard.press("Enter");

  await expect(page.getByRole("dialog", { name: "Ben signed in in this browser" })).toBeVisible();
  expect((await server.mine("ben", "untold", "t00"))["state"]).toBe("none");
  expect((await server.mine("ana", "untold", "t00"))["state"]).toBe("none");
});

test("ben goes on in ana's tab, and her answer is sent once she is back", async ({ page, server, signIn, context }) => {
  await server.log("one-desk", "TextClassification", topics(4), { labels: TOPICS });
  await server.ask("admin", "PATCH", "one-desk/policies", { annotation: "individual", blind: true });
  await signIn("ana");
  await page.goto("/datasets/team/one-desk");
  await expect(page.getByText("1 of 4")).toBeVisible();
  await context.route("**/api/datasets/one-desk/records/**", (route) => route.abort());
  await page.keyboard.press("1");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Offline: 1 answer kept on this device")).toBeVisible();

  await changeTo(await context.newPage(), "ben");
  await context.unroute("**/api/datasets/one-desk/records/**");
  page.on("dialog", (dialog) => void dialog.accept());
  await page.getByRole("button", { name: "Continue as Ben" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
  await page.goto("/datasets/team/one-desk");
  await expect(page.getByText("1 of 4")).toBeVisible();
  await page.keyboard.press("2");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/^Saved/)).toBeVisible();
  expect((await server.mine("ben", "one-desk", "t00"))["value"]).toMatchObject({ labels: [{ class: "politics" }] });
  expect((await server.mine("ana", "one-desk", "t00"))["state"]).toBe("none");

  await changeTo(page, "ana");
  await expect(page.getByText(/^Saved/)).toBeVisible();
  expect((await server.mine("ana", "one-desk", "t00"))["value"]).toMatchObject({ labels: [{ class: "sport" }] });
});
