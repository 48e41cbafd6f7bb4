import { expect, expectAccessible, PASSWORD, test, TOPICS, topics, type Wire } from "./journey";

const plain = (count: number): Wire[] => topics(count).map(({ id, inputs }) => ({ id, inputs }));
test.use({ servedFor: "queue" }); // "My work" shows what ana has in every dataset

const counter = (left: number) => `${String(left)} left`;

test("an annotator lands on her work and answers all of it by keyboard", async ({ page, server, signIn }) => {
  await server.log("my-queue", "TextClassification", topics(24), { labels: TOPICS });
  await server.assign("my-queue", { overlap: 1, skip: "drop" }, { blind: true });
  await page.goto("/");
  await page.getByRole("textbox", { name: "Username" }).fill("ana");
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/my-work$/);
  await expect(page.getByRole("heading", { name: "8 left in my-queue" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: "Start: my-queue" }).focus();
  await page.keyboard.press("Enter");

  const card = page.getByRole("article");
  for (let left = 8; left > 1; left--) {
    await expect(page.getByText(counter(left), { exact: true }).first()).toBeVisible();
    const before = await card.getAttribute("aria-label");
    if (left === 8) await expectAccessible(page);
    await page.keyboard.press(left === 5 ? "d" : "1");
    await expect(card).not.toHaveAttribute("aria-label", before ?? "");
  }
  await page.keyboard.press("Control+z");
  await page.keyboard.press("2");
  await page.keyboard.press("s");
  await page.getByRole("textbox", { name: /Reason/ }).fill("I cannot tell");
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await expect(page.getByText("Everything assigned to you is done. Thank you.")).toBeVisible();
  await expect(page.getByText(/^Saved \d\d:\d\d/)).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: "My work", exact: true }).click();
  await expect(page.getByText("Nothing left")).toBeVisible();
  await expect(page.getByText(/7 of 8 done · 1 skipped/)).toBeVisible();
  await signIn("admin");
  await page.goto("/");
  await expect(page).toHaveURL(/\/team$/);
});

test("who was given nothing is told so, and why a queue is empty", async ({ page, server, signIn }) => {
  await server.log("not-mine", "TextClassification", plain(3), { labels: TOPICS });
  await server.assign("not-mine", { overlap: 1, users: ["cy"] });
  await signIn("ben");
  await page.goto("/my-work");
  await page.goto("/datasets/team/not-mine?view=queue");
  await expect(page.getByText("Nothing has been assigned to you in this dataset.")).toBeVisible();
  await expectAccessible(page);
});

test("a filter of the address holds for the queue as well", async ({ page, server, signIn }) => {
  await server.log("filtered-queue", "TextClassification", topics(9), { labels: TOPICS });
  await server.assign("filtered-queue", { overlap: 1, users: ["ana"] });
  await signIn("ana");
  await page.goto("/datasets/team/filtered-queue?view=queue&metadata.user=ben&q=sentence");
  for (let n = 0; n < 3; n++) {
    await expect(page.getByRole("article").getByText(/Sentence number (1|4|7) /)).toBeVisible(); // the next one lies ready, unseen
    await page.keyboard.press("1");
  }
  await expect(page.getByText("You went through 3 records")).toBeVisible();
});

test("what is begun is saved as one works, and goes on on another device at the same place", async ({ page, server, signIn, browser, baseURL }) => {
  await server.log("devices", "Text2Text", Array.from({ length: 6 }, (_, n) => ({ id: `w${String(n)}`, text: `Story ${String(n)}.` })));
  await server.assign("devices", { overlap: 1, users: ["ana"] }, { blind: true });
  await signIn("ana");
  await page.goto("/datasets/team/devices?view=queue");
  const field = page.getByRole("textbox", { name: "Your text" });
  await field.fill("First one.");
  await page.keyboard.press("Control+Enter");
  await expect(page.getByText(counter(5), { exact: true }).first()).toBeVisible();
  await field.pressSequentially("Half a tho");
  await expect(page.getByText(/^Saved \d\d:\d\d/)).toBeVisible();
  const id = ((await page.getByRole("article").getAttribute("aria-label")) ?? "").replace("Record ", "");
  await expect.poll(async () => (await server.mine("ana", "devices", id))["value"]).toEqual({ sentences: [{ text: "Half a tho", score: 1 }] });
  expect((await server.mine("ana", "devices", id))["state"]).toBe("draft");

  await page.reload();
  await expect(field).toHaveValue("Half a tho");
  const phone = await browser.newContext({ baseURL: baseURL ?? "", viewport: { width: 390, height: 800 } });
  const other = await phone.newPage();
  await other.request.post("/api/session", { headers: { "X-Apportion": "1" }, data: { username: "ana", password: PASSWORD } });
  await other.goto("/my-work");
  await other.getByRole("link", { name: "Continue: devices" }).click();
  await expect(other.getByRole("textbox", { name: "Your text" })).toHaveValue("Half a tho");
  await other.getByRole("textbox", { name: "Your text" }).fill("A whole thought.");
  await other.getByRole("button", { name: "Validate" }).click();
  await expect.poll(async () => (await server.mine("ana", "devices", id))["state"]).toBe("submitted");
  await phone.close();

  // the first device learns of it when it saves, and overwrites nothing
  await field.fill("Something else.");
  await page.getByRole("button", { name: "1 answer not saved" }).click();
  await expect(page.getByText(/in another tab or on another device.*A whole thought\./)).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Keep the saved one" }).click();
  await expect(field).toHaveValue("A whole thought.");
  expect(await server.mine("ana", "devices", id)).toMatchObject({ value: { sentences: [{ text: "A whole thought." }] } });
});

test("two people answer one record blind, and nothing of the other's reaches page or network", async ({ page, server, signIn, context }) => {
  await server.log("blind", "Text2Text", Array.from({ length: 4 }, (_, n) => ({ id: `b${String(n)}`, text: `Story ${String(n)}.` })));
  await server.assign("blind", { overlap: 2, users: ["ana", "ben"] }, { blind: true });
  for (let n = 0; n < 4; n++) {
    const sent = { value: { sentences: [{ text: "zebra crossing" }] }, state: "submitted", version: 0 };
    await server.ask("ben", "PUT", `blind/records/b${String(n)}/annotations/me`, sent);
  }
  let heard = "";
  context.on("response", async (response) => {
    if (response.url().includes("/api/")) heard += await response.text().catch(() => "");
  });
  await signIn("ana");
  await page.goto("/my-work");
  await page.getByRole("link", { name: "Start: blind" }).click();
  const field = page.getByRole("textbox", { name: "Your text" });
  for (let n = 0; n < 4; n++) {
    await expect(page.getByText(counter(4 - n), { exact: true }).first()).toBeVisible();
    await field.fill(`My own ${String(n)}`);
    await page.waitForTimeout(500); // long enough that comments and history are asked for; nothing fails if it is not
    await page.keyboard.press("Control+Enter");
  }
  await expect(page.getByText("Everything assigned to you is done")).toBeVisible();
  await page.goto("/datasets/team/blind?record=b1");
  await expect(field).toHaveValue(/My own/);
  await page.goto("/datasets/team/blind?view=list&q=zebra");
  await expect(page.getByText("No matching records")).toBeVisible();
  await page.waitForLoadState("networkidle");
  expect(heard).toContain("My own");
  expect(heard).not.toContain("zebra crossing");
  expect(heard).not.toMatch(/"ben"/);
});

test("the queue goes on without a network, and everything arrives afterwards", async ({ page, server, signIn, context }) => {
  await server.log("queue-offline", "TextClassification", plain(8), { labels: TOPICS });
  await server.assign("queue-offline", { overlap: 1, users: ["ana"] }, { blind: true });
  await signIn("ana");
  await page.goto("/datasets/team/queue-offline?view=queue");
  await expect(page.getByText(counter(8), { exact: true }).first()).toBeVisible();
  await page.route("**/api/datasets/queue-offline/**", (route) => route.abort());
  for (const key of ["1", "2", "3"]) await page.keyboard.press(key);
  await expect(page.getByText("Offline: 3 answers kept on this device")).toBeVisible();
  await expect(page.getByText(counter(5), { exact: true }).first()).toBeVisible();
  await page.unroute("**/api/datasets/queue-offline/**");
  await context.setOffline(true);
  await context.setOffline(false);
  await expect(page.getByText(/^Saved/)).toBeVisible();
  for (let n = 0; n < 5; n++) {
    await expect(page.getByText(counter(5 - n), { exact: true }).first()).toBeVisible();
    await page.keyboard.press("1");
  }
  await expect(page.getByText("Everything assigned to you is done")).toBeVisible();
  for (const { id } of plain(8)) expect(await server.mine("ana", "queue-offline", String(id))).toMatchObject({ state: "submitted", counted: true });
});

test("a session that ends in the middle of the queue costs neither answer nor place", async ({ page, server, signIn, context }) => {
  await server.log("queue-session", "TextClassification", plain(4), { labels: TOPICS });
  await server.assign("queue-session", { overlap: 1, users: ["ana"] }, { blind: true });
  await signIn("ana");
  await page.goto("/datasets/team/queue-session?view=queue");
  await expect(page.getByText(counter(4), { exact: true }).first()).toBeVisible();
  const id = ((await page.getByRole("article").getAttribute("aria-label")) ?? "").replace("Record ", "");
  await context.clearCookies();
  await page.keyboard.press("3");
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByText(/^Saved/)).toBeVisible();
  expect(await server.mine("ana", "queue-session", id)).toMatchObject({ state: "submitted", value: { labels: [{ class: "science" }] } });
  await expect(page.getByText(counter(3), { exact: true }).first()).toBeVisible();
});
