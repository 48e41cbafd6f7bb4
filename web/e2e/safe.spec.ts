import { expect, expectAccessible, PASSWORD, test, TOPICS, topics } from "./journey";
import { patience } from "./patience";

test("answers given without a network wait, survive a reload, and arrive", async ({ page, server, signIn, context }) => {
  await server.log("offline", "TextClassification", topics(6), { labels: TOPICS });
  await signIn("ana");
  await page.goto("/datasets/team/offline");
  await expect(page.getByText("1 of 6")).toBeVisible();
  await page.route("**/api/datasets/offline/**", (route) => route.abort());
  await page.keyboard.press("1");
  await page.keyboard.press("2");
  await expect(page.getByText("Offline: 2 answers kept on this device")).toBeVisible();
  expect(await server.status("offline", "t00")).toBe("Default");
  page.on("dialog", (dialog) => void dialog.accept());
  await page.goto("/user-settings");
  await expect(page.getByText("Offline: 2 answers kept on this device")).toBeVisible();

  await page.unroute("**/api/datasets/offline/**");
  await context.setOffline(true);
  await context.setOffline(false);
  await expect(page.getByText(/^Saved/)).toBeVisible();
  expect(await server.record("offline", "t01")).toMatchObject({ status: "Validated", annotation: { labels: [{ class: "politics" }] } });
});

test("a draft is there again after a reload, and nobody else sees it", async ({ page, server, signIn }) => {
  await server.log("draft", "Text2Text", [{ id: "d0", text: "Something long." }]);
  await signIn("ana");
  await page.goto("/datasets/team/draft");
  await page.getByRole("textbox", { name: "Your text" }).fill("Half a thou");
  await expect(page.getByText("Draft", { exact: true })).toBeVisible();
  await page.waitForTimeout(patience(600)); // drafts are written half a second after the last key
  await page.reload();

  await expect(page.getByRole("textbox", { name: "Your text" })).toHaveValue("Half a thou");
  expect(await server.status("draft", "d0")).toBe("Default");
});

test("when two people answer one record, nobody overwrites the other unasked", async ({ page, server, signIn }) => {
  await server.log("both", "TextClassification", topics(3), { labels: TOPICS });
  await signIn("ana");
  await page.goto("/datasets/team/both");
  await expect(page.getByText("1 of 3")).toBeVisible();
  const bens = topics(2).map((each) => ({ ...each, status: "Validated", annotation: { agent: "ben", labels: [{ class: "science" }] } }));
  await server.log("both", "TextClassification", bens, { as: "ben" });

  await page.keyboard.press("1");
  await page.keyboard.press("1");
  await page.getByRole("button", { name: "2 answers not saved" }).click();
  await expect(page.getByText("ben answered this record at the same time.")).toHaveCount(2);
  await expectAccessible(page);
  await page.getByRole("button", { name: "Keep the saved one" }).first().click();
  await page.getByRole("button", { name: "Use my answer" }).click();

  await expect(page.getByText(/^Saved/)).toBeVisible();
  expect(await server.record("both", "t00")).toMatchObject({ annotation: { agent: "ben", labels: [{ class: "science" }] } });
  expect(await server.record("both", "t01")).toMatchObject({ annotation: { agent: "ana", labels: [{ class: "sport" }] } });
});

test("a session that ends in the middle of an answer costs nothing", async ({ page, server, signIn, context }) => {
  await server.log("ending", "TextClassification", topics(3), { labels: TOPICS });
  await signIn("ana");
  await page.goto("/datasets/team/ending");
  await expect(page.getByText("1 of 3")).toBeVisible();
  await context.clearCookies();
  await page.keyboard.press("3");

  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await expect(dialog).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByText(/^Saved/)).toBeVisible();
  expect(await server.record("ending", "t00")).toMatchObject({ annotation: { agent: "ana", labels: [{ class: "science" }] } });
  await expect(page.getByText("2 of 3")).toBeVisible();
});

test("what the server refuses is kept and told", async ({ page, server, signIn }) => {
  await server.log("refused", "TextClassification", topics(2), { labels: TOPICS });
  await signIn("ana");
  await page.goto("/datasets/team/refused");
  await expect(page.getByText("1 of 2")).toBeVisible();
  await server.log("refused", "TextClassification", [{ id: "t00", inputs: { text: "Quite another text." } }]);
  await page.keyboard.press("1");
  await page.getByRole("button", { name: "1 answer not saved" }).click();
  await expect(page.getByText(/text changed while you were answering/)).toBeVisible();
});
