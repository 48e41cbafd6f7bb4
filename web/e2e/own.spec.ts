import { readFile } from "node:fs/promises";

import { expect, expectAccessible, test, TOPICS, topics } from "./journey";

const own = { annotation: "individual", blind: true };

test("an answer beyond those wanted is kept, and its author is told", async ({ page, server, signIn }) => {
  await server.log("extras", "TextClassification", topics(3), { labels: TOPICS });
  await server.ask("admin", "PATCH", "extras/policies", { ...own, required: 1 });
  await server.answer("ben", "extras", "t00", "science");
  await signIn("ana");
  await page.goto("/datasets/team/extras?record=t00");
  await expect(page.getByText("Sentence number 0 ")).toBeVisible();
  await page.keyboard.press("1");
  await expect(page.getByText(/Record t00: your answer is kept but doesn’t count: /)).toBeVisible();
  await expectAccessible(page);
  expect(await server.mine("ana", "extras", "t00")).toMatchObject({ state: "submitted", counted: false });
  await page.getByRole("button", { name: "Close" }).click();
  await expect(page.getByText(/doesn’t count/)).toBeHidden();
});

test("an annotator learns what was decided about her answer, and sees what she said before", async ({ page, server, signIn }) => {
  await server.log("decided", "TextClassification", topics(3), { labels: TOPICS });
  await server.ask("admin", "PATCH", "decided/policies", own);
  await server.answer("ana", "decided", "t01", "sport");
  await server.answer("ana", "decided", "t01", "science", 1);
  const gold = { value: { labels: [{ class: "politics" }] }, reason: "See page 3 of the guidelines." };
  await server.ask("admin", "PUT", "decided/records/t01/gold", gold);
  await signIn("ana");
  await page.goto("/datasets/team/decided?record=t01");
  await expect(page.getByText("The final value differs from your answer")).toBeVisible();
  await expect(page.getByText("Resolved by admin: politics")).toBeVisible();
  await expect(page.getByText("Reason: See page 3 of the guidelines.")).toBeVisible();
  await expect(page.getByRole("list", { name: "My earlier answers" })).toContainText("sport");
  await expectAccessible(page);
});

test("one's last answer is taken back after a reload, on the server", async ({ page, server, signIn }) => {
  await server.log("take-back", "TextClassification", topics(6), { labels: TOPICS });
  await server.assign("take-back", { overlap: 1, users: ["ana"] });
  await server.ask("admin", "PATCH", "take-back/policies", own);
  await signIn("ana");
  await page.goto("/datasets/team/take-back?view=queue");
  const card = page.getByRole("article");
  const id = ((await card.getAttribute("aria-label")) ?? "").replace("Record ", "");
  await page.keyboard.press("1");
  await expect.poll(async () => (await server.mine("ana", "take-back", id))["state"]).toBe("submitted");
  await page.reload();
  await expect(card).not.toHaveAttribute("aria-label", `Record ${id}`);
  await page.route("**/annotations/me:undo*", async (route) => { // whoever is fast answers anew before it is there
    const response = await route.fetch();
    await new Promise((done) => setTimeout(done, 1_000));
    await route.fulfill({ response });
  });
  await page.keyboard.press("u");
  await expect(card).toHaveAttribute("aria-label", `Record ${id}`);
  await expect.poll(async () => (await server.mine("ana", "take-back", id))["state"]).toBe("draft");
  await page.keyboard.press("2");
  await expect.poll(async () => await server.mine("ana", "take-back", id)).toMatchObject({ state: "submitted", value: { labels: [{ class: "politics" }] } });
});

test("pressed twice at once after a reload, U takes back two answers", async ({ page, server, signIn }) => {
  await server.log("twice-back", "TextClassification", topics(6), { labels: TOPICS });
  await server.assign("twice-back", { overlap: 1, users: ["ana"] });
  await server.ask("admin", "PATCH", "twice-back/policies", own);
  await signIn("ana");
  await page.goto("/datasets/team/twice-back?view=queue");
  const card = page.getByRole("article");
  const idOf = async () => ((await card.getAttribute("aria-label")) ?? "").replace("Record ", "");
  const stateOf = async (id: string) => (await server.mine("ana", "twice-back", id))["state"];
  const first = await idOf();
  await page.keyboard.press("1");
  await expect(card).not.toHaveAttribute("aria-label", `Record ${first}`);
  const second = await idOf();
  await page.keyboard.press("1");
  for (const id of [first, second]) await expect.poll(() => stateOf(id)).toBe("submitted");
  await page.reload();
  await expect(card).not.toHaveAttribute("aria-label", `Record ${second}`);
  await page.keyboard.press("u");
  await page.keyboard.press("u");
  await expect(card).toHaveAttribute("aria-label", `Record ${first}`);
  for (const id of [first, second]) await expect.poll(() => stateOf(id)).toBe("draft");
});

test("answers to a dataset that was deleted and made anew are kept and can be downloaded", async ({ page, server, signIn, request }) => {
  await server.log("anew", "TextClassification", topics(3), { labels: TOPICS });
  await server.ask("admin", "PATCH", "anew/policies", own);
  await signIn("ana");
  await page.goto("/datasets/team/anew");
  await expect(page.getByText("1 of 3")).toBeVisible();
  const gone = await request.delete("/api/datasets/anew?workspace=team", { headers: { "X-Argilla-Api-Key": "admin.apikey" } });
  expect(gone.status()).toBe(200);
  await server.log("anew", "TextClassification", topics(3), { labels: TOPICS });
  await server.ask("admin", "PATCH", "anew/policies", own);
  await page.keyboard.press("3");
  await page.getByRole("button", { name: "1 answer not saved" }).click();
  await expect(page.getByText(/The dataset was deleted, or replaced/)).toBeVisible();
  await expectAccessible(page);
  const waiting = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download my answers" }).click();
  const line = JSON.parse(await readFile(await (await waiting).path(), "utf8")) as unknown;
  expect(line).toMatchObject({ dataset: "anew", id: "t00", annotator: "ana", value: { labels: ["science"] } });
  expect(await server.mine("ana", "anew", "t00")).toMatchObject({ state: "none" });
});

test("a record is flagged to a person by name, and the guidelines are a key away", async ({ page, server, signIn }) => {
  await server.log("flags", "TextClassification", topics(3), { labels: TOPICS });
  await server.ask("admin", "PATCH", "flags/policies", own);
  const text = "# Topics\n\nChoose **one**. <script>window.hurt = 1</script>\n\n[bad](javascript:window.hurt=1) ![pic](https://example.org/x.png)";
  await server.ask("admin", "PUT", "flags/guidelines", { text });
  await signIn("ana");
  await page.goto("/datasets/team/flags");
  await expect(page.getByText("1 of 3")).toBeVisible();
  await page.keyboard.press("g");
  await expect(page.getByRole("heading", { name: "Topics" })).toBeVisible();
  await expect(page.getByText("Version 1")).toBeVisible();
  await page.getByText("bad", { exact: true }).click();
  expect(await page.evaluate(() => (window as { hurt?: number }).hurt)).toBeUndefined();
  await expectAccessible(page);

  await page.keyboard.press("f");
  await page.getByRole("textbox", { name: "Comment" }).fill("Is this one meant?");
  await page.getByRole("combobox", { name: "To" }).fill("nobody");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("alert")).toContainText("nobody does not belong here");
  await page.getByRole("combobox", { name: "To" }).fill("");
  await page.getByRole("group", { name: "Managers" }).or(page.getByRole("listbox")).first().getByRole("option", { name: "admin" }).click();
  await expect(page.getByRole("combobox", { name: "To" })).toHaveValue("admin");
  await expectAccessible(page);
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page.getByRole("list", { name: "Comments" })).toContainText("Is this one meant?");
  expect(await server.ask("admin", "GET", "flags/records/t00/comments")).toMatchObject({ comments: [{ author: "ana", to: "admin" }] });
});

test("guidelines that are new or changed say so until they are read", async ({ page, server, signIn }) => {
  await server.log("unread", "TextClassification", topics(3), { labels: TOPICS });
  await server.ask("admin", "PUT", "unread/guidelines", { text: "# Topics\n\nChoose one." });
  await signIn("ana");
  await page.goto("/datasets/team/unread");
  const isNew = page.getByText("There are guidelines you haven’t read yet.");
  const changed = page.getByText("The guidelines changed since you last read them.");
  await expect(isNew).toBeVisible();
  await expectAccessible(page);
  const read = page.getByRole("status").filter({ has: isNew.or(changed) }).getByRole("button");
  await read.click();
  await expect(page.getByRole("heading", { name: "Topics" })).toBeVisible();
  await expect(isNew).toBeHidden();

  await server.ask("admin", "PUT", "unread/guidelines", { text: "# Topics\n\nChoose one or two.", version: 1 });
  await page.reload();
  await expect(changed).toBeVisible();
  await read.click();
  await expect(page.getByText("Choose one or two.")).toBeVisible();
  await expect(changed).toBeHidden();
});

test("who leads answers with an annotation of their own, and overwrites nobody's", async ({ page, server, signIn }) => {
  await server.log("leading", "TextClassification", topics(2), { labels: TOPICS });
  await server.ask("admin", "PATCH", "leading/policies", { ...own, required: 2 });
  await server.answer("ana", "leading", "t00", "science");
  await signIn("admin");
  await page.goto("/datasets/team/leading?record=t00");
  await expect(page.getByText("Sentence number 0 ")).toBeVisible();
  await page.getByRole("button", { name: "Answer myself" }).click();
  await expect(page.getByRole("button", { name: "Validate" })).toBeVisible();
  await page.keyboard.press("1");
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await server.mine("admin", "leading", "t00"))["state"]).toBe("submitted");
  expect(await server.mine("ana", "leading", "t00")).toMatchObject({ value: { labels: [{ class: "science" }] } });
});
