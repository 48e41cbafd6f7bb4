import { readFile } from "node:fs/promises";

import type { APIRequestContext, Locator, Page } from "@playwright/test";

import { expect, expectAccessible, test, TOPICS, type Wire } from "./journey";

test.use({ servedFor: "team" }); // who is in the workspace decides how records are assigned

const texts = (count: number): Wire[] =>
  Array.from({ length: count }, (_, n) => ({ id: `r${String(n)}`, inputs: { text: `Sentence ${String(n)}.` }, metadata: { source: n % 2 ? "news" : "blog" } }));

const headers = (as: string) => ({ headers: { "X-Argilla-Api-Key": `${as}.apikey` } });

async function count(request: APIRequestContext, name: string, search: string): Promise<number> {
  const body = { ...headers("admin"), data: { query: { query_text: search } } };
  const reply = await request.post(`/api/datasets/${name}/TextClassification:search?workspace=team&limit=0`, body);
  return ((await reply.json()) as { total: number }).total;
}

async function assign(request: APIRequestContext, name: string, rule: Record<string, unknown>) {
  const body = { ...headers("admin"), data: { rules: [{ users: ["ana", "ben", "cy"], ...rule }], seed: 7 } };
  const reply = await request.post(`/api/datasets/${name}/assignments?workspace=team`, body);
  expect(reply.status(), await reply.text()).toBe(200);
}

async function answer(request: APIRequestContext, as: string, name: string, many: number) {
  const claimed = await request.post(`/api/datasets/${name}/queue:claim?workspace=team`, { ...headers(as), data: { limit: many } });
  const { records } = (await claimed.json()) as { records: { id: string }[] };
  expect(records).toHaveLength(many);
  for (const { id } of records) {
    const data = { value: { labels: [{ class: "sport" }] }, state: "submitted", version: 0 };
    const saved = await request.put(`/api/datasets/${name}/records/${id}/annotations/me?workspace=team`, { ...headers(as), data });
    expect(saved.status(), await saved.text()).toBe(200);
  }
}

const row = (page: Page, name: string) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: new RegExp(`^${name}`) }) });

/** Number of records that each person gets by the preview. */
const loads = (dialog: Locator) => dialog.getByRole("list", { name: "People" }).getByRole("listitem");

test("the first day: 300 records among three, 120 each, 60 of them shared by two", async ({ page, request, server, signIn }) => {
  await server.log("day-one", "TextClassification", texts(300), { labels: TOPICS });
  await signIn("admin");
  await page.goto("/datasets");
  await page.getByRole("link", { name: "Assign records of day-one" }).press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("300 records match")).toBeVisible();
  await expect(dialog.getByText("300 records, 300 answers, 0 shared, 0 unassigned")).toBeVisible();

  await dialog.getByRole("radio", { name: "Custom" }).press("Space");
  await dialog.getByLabel("People per record").fill("2");
  await dialog.getByLabel("Share of the records").fill("20");
  await expect(dialog.getByRole("checkbox", { name: "Blind" })).toBeChecked();
  await expect(dialog.getByText("300 records, 360 answers, +20% work, 60 shared, 0 unassigned, agreement ±")).toBeVisible();
  await expect(loads(dialog)).toHaveText(["ana120", "ben120", "cy120"]);
  await expect(dialog.getByText(/assumes 3 equally frequent labels and 85% right answers/)).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("Enter");

  await expect(dialog).toBeHidden();
  await expect(row(page, "ana").getByRole("link", { name: "120, Assigned of ana" })).toBeVisible();
  await expect(page.getByText("300 records among ana, ben, and cy")).toBeVisible();
  const activity = page.getByRole("region", { name: "Activity" });
  await expect(activity).toContainText("admin assigned 300 records, 360 answers");
  await expect(activity).toContainText(/admin changed the policies: one answer per person/);
  await activity.getByRole("combobox", { name: "Show activity of" }).click();
  await page.getByRole("option", { name: "cy" }).click(); // who has done nothing yet
  await expect(activity).toContainText("Nothing has happened yet.");
  await expectAccessible(page);
  const shared = await Promise.all(["ana ben", "ana cy", "ben cy"].map((pair) => count(request, "day-one", pair.split(" ").map((each) => `assigned_to:${each}`).join(" AND "))));
  expect(shared).toEqual([20, 20, 20]);
  await page.getByRole("link", { name: "120, Assigned of ana" }).click();
  await expect(page.getByText("120 records")).toBeVisible();
  await expect(page).toHaveURL(/q=assigned_to%3Aana/);
});

test("time is kept where everybody has a part of their own, and the hours come as a table", async ({ page, request, server, signIn }) => {
  await server.log("paid", "TextClassification", texts(4), { labels: TOPICS });
  await assign(request, "paid", { users: ["ana"] });
  await signIn("ana");
  await page.goto("/datasets/team/paid?q=id%3Ar0");
  await expect(page.getByText("Sentence 0.")).toBeVisible();
  await page.waitForTimeout(500); // so long they look at it
  const saved = page.waitForResponse((each) => each.request().method() === "PUT" && each.url().includes("/annotations/me"));
  await page.keyboard.press("1");
  expect(((await (await saved).json()) as { seconds: number }).seconds).toBeGreaterThan(0);

  await signIn("admin");
  await page.goto("/datasets/team/paid/team");
  await page.getByRole("button", { name: "Hours (CSV)" }).click();
  await page.getByText("Week", { exact: true }).click();
  await expectAccessible(page);
  const coming = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download" }).click();
  const file = await coming;
  expect(file.suggestedFilename()).toBe("paid-hours.csv");
  const rows = (await readFile(await file.path(), "utf8")).trim().split("\r\n");
  expect(rows[0]).toBe("dataset,annotator,from,to,answers,seconds,hours");
  expect(rows[1]).toMatch(/^paid,ana,.*,1,\d+\.\d{3},\d+\.\d{2}$/);
});

test("what a filter shows is assigned, and a plan is looked at again when records came meanwhile", async ({ page, request, server, signIn }) => {
  await server.log("filtered", "TextClassification", texts(40), { labels: TOPICS });
  await signIn("admin");
  await page.goto("/datasets/team/filtered?metadata.source=news");
  await page.getByRole("link", { name: "Assign these" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("textbox", { name: "Search" })).toHaveValue("metadata.source:news");
  await dialog.getByRole("checkbox", { name: /cy/ }).uncheck();
  await dialog.getByRole("button", { name: "Weights and limits" }).click();
  await dialog.getByLabel("Limit for ana").fill("5");
  await expect(loads(dialog)).toHaveText(["ben15", "ana5"]);
  await server.log("filtered", "TextClassification", [{ id: "late", inputs: { text: "Late." }, metadata: { source: "news" } }]);
  await dialog.getByRole("button", { name: "Assign 20 records" }).click();
  await expect(dialog.getByText("Something changed in the meantime.")).toBeVisible();
  expect(await count(request, "filtered", "_exists_:assigned_to")).toBe(0);
  await dialog.getByRole("button", { name: "Assign 21 records" }).click();
  await expect(dialog).toBeHidden();
  expect(await count(request, "filtered", "assigned_to:ben")).toBe(16);
});

test("nothing moves below the pointer when the number of matching records arrives", async ({ page, server, signIn }) => {
  await server.log("steady", "TextClassification", texts(5), { labels: TOPICS });
  await signIn("admin");
  let counted = () => {};
  const asked = new Promise<void>((resolve) => { counted = resolve; });
  await page.route(/:search.*limit=0/, async (route) => {
    await asked;
    await route.continue();
  });
  await page.goto("/datasets/team/steady/team");
  await page.getByRole("button", { name: "Assign records" }).click();
  const cy = page.getByRole("dialog").getByRole("checkbox", { name: /cy/ });
  await expect(page.getByText("5 records, 5 answers")).toBeVisible();
  const before = await cy.boundingBox();
  counted();
  await expect(page.getByText("5 records match")).toBeVisible();
  expect(await cy.boundingBox()).toEqual(before);
});

test("a plan by dialog with checks, one more person where people differ, and a due date", async ({ page, request, server, signIn }) => {
  await server.log("careful", "TextClassification", texts(40), { labels: TOPICS });
  await server.ask("admin", "PATCH", "careful/policies", { annotation: "individual" });
  for (let n = 0; n < 4; n++) {
    await server.ask("admin", "PUT", `careful/records/r${String(n)}/gold`, { value: { labels: [{ class: "sport" }] }, reason: "by the book", version: 0 });
  }
  await signIn("admin");
  await page.goto("/datasets/team/careful/team?assign=1");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "More" }).click();
  await expect(dialog.getByRole("checkbox", { name: "Add a tie-breaker" })).toBeDisabled(); // one person per record
  await dialog.getByRole("radio", { name: "Custom" }).check();
  await dialog.getByLabel("People per record", { exact: true }).fill("2");
  await dialog.getByRole("checkbox", { name: "Add a tie-breaker" }).check();
  await expect(dialog.getByLabel("Most people per record")).toHaveValue("3");
  await expect(dialog.getByText("40 records, 80 answers, +100% work, 40 shared")).toBeVisible();
  await dialog.getByRole("checkbox", { name: "Mix in check questions" }).check();
  await expect(loads(dialog)).toHaveText(["ana27", "ben27", "cy27"]); // 24 each of the 36 that are open, and 3 of the 4 that are known
  await dialog.getByRole("checkbox", { name: "Show people the right answer" }).check();
  await dialog.getByLabel("Due date").fill("2099-12-31");
  await expect(dialog.getByRole("button", { name: "Assign 39 records" })).toBeEnabled(); // the fourth that is known is a check for nobody
  await expectAccessible(page);
  await dialog.getByRole("checkbox", { name: "Blind" }).uncheck();
  await expect(dialog.getByRole("checkbox", { name: "Mix in check questions" })).toBeDisabled();
  await dialog.getByRole("checkbox", { name: "Blind" }).check();
  await dialog.getByRole("button", { name: "Assign 39 records" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("tie-breaker, up to 3 · 10% checks · due 2099-12-31")).toBeVisible();
  const plans = (await server.ask("admin", "GET", "careful/assignments"))["assignments"] as Record<string, unknown>[];
  expect(plans[0]).toMatchObject({ adaptive: { max: 3 }, checks: { share: 0.1, feedback: true }, rules: [{ due: "2099-12-31" }] });
  expect(await count(request, "careful", "assigned_to:ana")).toBe(27);
});

test("each person's median time and agreement with the others are told, and open the records behind them", async ({ page, request, server, signIn }) => {
  await server.log("alike", "TextClassification", texts(6), { labels: TOPICS });
  await assign(request, "alike", { overlap: "all" });
  const ids = ["r0", "r1", "r2", "r3"];
  for (const id of ids) await server.answer("ana", "alike", id, "sport");
  for (const id of ids.slice(0, 2)) await server.answer("ben", "alike", id, id === "r0" ? "sport" : "science");
  await server.ask("ana", "PUT", "alike/records/r4/annotations/me", { value: { labels: [{ class: "sport" }] }, state: "submitted", version: 0, seconds: 7 });
  await signIn("admin");
  await page.goto("/datasets/team/alike/team");
  await expect(row(page, "ana")).toContainText("7 s");
  await expect(row(page, "ana")).toContainText("50% on 2");
  await expect(row(page, "cy")).not.toContainText("% on");
  await expectAccessible(page);
  await page.getByRole("link", { name: "ana agrees with others 50% of the time on 2 records" }).click();
  await expect(page.getByText("2 records", { exact: true }).first()).toBeVisible();
  await page.goBack();
  await page.getByRole("link", { name: "Agreement", exact: true }).last().click();
  await expect(page.getByRole("region", { name: "Each person vs. the rest" }).getByRole("row", { name: /^ana/ })).toContainText("50%");
});

test("somebody leaves: their open work goes to the others, live, and the plan can be undone", async ({ page, request, server, signIn }) => {
  await server.log("leaving", "TextClassification", texts(30), { labels: TOPICS });
  await assign(request, "leaving", {});
  await signIn("admin");
  await page.goto("/datasets/team/leaving/team");
  await expect(page.getByRole("status").filter({ hasText: "Live" })).toBeVisible();
  await expect(row(page, "ana")).toContainText("Not started");
  await answer(request, "ana", "leaving", 4);
  await expect(row(page, "ana").getByRole("link", { name: "4, Done of ana" })).toBeVisible(); // nobody reloaded

  await page.getByRole("button", { name: "Change" }).click();
  await page.getByRole("menuitem", { name: "Rebalance" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("Nothing would change.")).toBeVisible();
  await dialog.getByRole("checkbox", { name: "ana" }).uncheck();
  await expect(dialog.getByText("ana: 10 → 4 (−6)")).toBeVisible();
  await expect(dialog.getByText("ben: 10 → 13 (+3)")).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Apply" }).click();
  await expect(dialog).toBeHidden();
  await expect(row(page, "ben").getByRole("link", { name: "13, Assigned of ben" })).toBeVisible();
  await expect(page.getByText("rebalanced a plan")).toBeVisible();
  await page.getByRole("link", { name: "4, Done of ana" }).click();
  await expect(page.getByText("4 records")).toBeVisible();
  await page.goBack();

  await page.getByRole("button", { name: "Change" }).click();
  await page.getByRole("menuitem", { name: "Undo the plan" }).click();
  await expect(dialog.getByText("26 unassigned")).toBeVisible();
  await dialog.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByText("undone", { exact: true })).toBeVisible();
  expect(await count(request, "leaving", "_exists_:assigned_to")).toBe(4); // what was done stays
});

test("work is moved and taken back by hand, and annotators do not see the team", async ({ page, request, server, signIn }) => {
  await server.log("by-hand", "TextClassification", texts(9), { labels: TOPICS });
  await assign(request, "by-hand", {});
  await signIn("admin");
  await page.goto("/datasets/team/by-hand/team");
  const dialog = page.getByRole("dialog");
  const choose = async (label: string, name: string) => {
    await dialog.getByRole("combobox", { name: label }).or(dialog.getByRole("textbox", { name: label })).first().click();
    await page.getByRole("option", { name }).click();
  };
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByRole("menuitem", { name: "Move work" }).click();
  await choose("From", "ana");
  await choose("To", "cy");
  await expect(dialog.getByText("cy: 3 → 6 (+3)")).toBeVisible();
  await dialog.getByRole("button", { name: "Apply" }).click();
  await expect(row(page, "cy").getByRole("link", { name: "6, Assigned of cy" })).toBeVisible();
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByRole("menuitem", { name: "Unassign work" }).click();
  await choose("From", "ben");
  await expect(dialog.getByText("3 unassigned")).toBeVisible();
  await dialog.getByRole("button", { name: "Apply" }).click();
  await expect(page.getByRole("term").filter({ hasText: "Unassigned" }).locator("xpath=../dd")).toHaveText("3");

  await signIn("ana");
  await page.goto("/datasets/team/by-hand");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByRole("link", { name: "Team", exact: true })).toHaveCount(0);
});
