/** The frame around records: nothing but the task in a queue, nothing that moves, fingers, and pages that explain themselves. */

import { devices } from "@playwright/test";

import { expect, expectAccessible, test, TOPICS, topics, type Wire } from "./journey";

const plain = (count: number): Wire[] => topics(count).map(({ id, inputs }) => ({ id, inputs }));
const two = { blind: true, required: 2, annotation: "individual" };

test("a queue shows text, labels and progress, and the rest behind one button", async ({ page, server, signIn }) => {
  await server.log("bare-queue", "TextClassification", plain(6), { labels: TOPICS });
  await server.assign("bare-queue", { overlap: 1, users: ["ana"] }, { blind: true });
  await signIn("ana");
  await page.goto("/datasets/team/bare-queue?view=queue");
  await expect(page.getByRole("article")).toBeVisible();
  await expect(page.getByText("0 of 6 done")).toBeVisible();
  for (const hidden of ["Search records", "Filters", "Layout"]) await expect(page.getByLabel(hidden, { exact: true })).toHaveCount(0);
  const bar = page.getByRole("button", { name: /^Validate/ });
  const at = await bar.boundingBox();
  await page.keyboard.press("1");
  await expect(page.getByText("1 of 6 done")).toBeVisible(); // at once, and without asking
  await page.keyboard.press("2");
  await expect(page.getByText("2 of 6 done")).toBeVisible();
  expect(await bar.boundingBox()).toEqual(at);
  await expectAccessible(page);

  await page.keyboard.press("/");
  await expect(page.getByRole("textbox", { name: "Search records" })).toBeFocused();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Search, filters and view" }).click();
  await expect(page.getByRole("textbox", { name: "Search records" })).toHaveCount(0);
});

test("the action bar stays where it is, whatever the text is like, and on a phone too", async ({ page, server, signIn }) => {
  const lengths = [1, 40, 400];
  const records = lengths.map((words, n) => ({ id: `l${String(n)}`, inputs: { text: Array.from({ length: words }, (_, each) => `word${String(each)}`).join(" ") } }));
  await server.log("lengths", "TextClassification", records, { labels: TOPICS });
  await signIn("ana");
  for (const [width, height] of [[1440, 900], [768, 1024], [375, 720]] as const) {
    await page.setViewportSize({ width, height });
    const places: unknown[] = [];
    for (const { id } of records) {
      await page.goto(`/datasets/team/lengths?record=${id}`);
      await expect(page.getByRole("article")).toBeVisible();
      places.push(await page.getByRole("button", { name: /^Validate/ }).boundingBox());
    }
    expect(new Set(places.map((each) => JSON.stringify(each))).size, `at ${String(width)}`).toBe(1);
  }
  expect((await page.getByRole("button", { name: /^Validate/ }).boundingBox())?.height).toBeGreaterThanOrEqual(48);
  await expectAccessible(page);
});

test("the bar of a review stays where it is, too, and the tools above fit into one row", async ({ page, server, signIn }) => {
  const lengths = [1, 40, 900];
  const records = lengths.map((words, n) => ({ id: `v${String(n)}`, inputs: { text: Array.from({ length: words }, (_, each) => `word${String(each)}`).join(" ") } }));
  await server.log("reviewed", "TextClassification", records, { labels: TOPICS });
  await server.ask("admin", "PATCH", "reviewed/policies", two);
  for (const { id } of records) {
    await server.answer("ana", "reviewed", id, "sport");
    await server.answer("ben", "reviewed", id, "science");
  }
  await signIn("admin");
  for (const [width, height] of [[1440, 900], [768, 1024], [375, 720]] as const) {
    await page.setViewportSize({ width, height });
    const places: unknown[] = [];
    for (const { id } of records) {
      await page.goto(`/datasets/team/reviewed/review?record=${id}`);
      await expect(page.getByRole("article", { name: "Answer of A" })).toBeVisible();
      const resolve = page.getByRole("button", { name: /^Resolve/ });
      places.push(await resolve.boundingBox());
      await page.getByRole("button", { name: /^Edit/ }).click(); // what is opened makes it longer
      places.push(await resolve.boundingBox());
    }
    expect(new Set(places.map((each) => JSON.stringify(each))).size, `at ${String(width)}`).toBe(1);
    if (width < 1000) continue;
    const first = await page.getByText("Conflicts", { exact: true }).boundingBox();
    const last = await page.getByRole("button", { name: "Accept all agreed" }).boundingBox();
    expect(last?.y).toBeLessThan((first?.y ?? 0) + (first?.height ?? 0));
  }
});

test("tabs of a dataset stand where they stood", async ({ page, server, signIn }) => {
  await server.log("steady", "TextClassification", plain(3), { labels: TOPICS });
  await server.ask("admin", "PATCH", "steady/policies", two);
  await signIn("admin");
  await page.setViewportSize({ width: 1440, height: 900 });
  const places: number[] = [];
  for (const part of ["", "/team", "/review", "/agreement", "/rules", "/settings"]) {
    await page.goto(`/datasets/team/steady${part}`);
    const tabs = page.getByRole("navigation", { name: "Dataset" });
    await expect(tabs).toBeVisible();
    places.push(Math.round((await tabs.boundingBox())?.x ?? 0));
  }
  expect(new Set(places).size, places.join()).toBe(1);
});

test.describe("with fingers", () => {
  const { viewport, userAgent, deviceScaleFactor } = devices["Pixel 7"];
  test.use({ viewport, userAgent, deviceScaleFactor, hasTouch: true, isMobile: true });

  test("spans are marked by a tap on the first word and a tap on the last, and opened by a tap", async ({ page, server, signIn }) => {
    const tokens = ["Ada", "Lovelace", "met", "Charles", "in", "London", "."];
    await server.log("taps", "TokenClassification", [{ id: "s0", text: "Ada Lovelace met Charles in London.", tokens }], { labels: ["PER", "LOC"] });
    await server.assign("taps", { overlap: 1, users: ["ana"] }, { blind: true });
    await signIn("ana");
    await page.goto("/datasets/team/taps?view=queue");
    const text = page.getByRole("textbox", { name: "Text" });
    await expect(text).toBeVisible();
    await expect(page.getByText("Tap the first word, then the last one.")).toBeVisible();
    const tap = async (word: string) => {
      const at = await text.evaluate((root, wanted) => {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          const start = (node.nodeValue ?? "").indexOf(wanted);
          if (start < 0) continue;
          const range = document.createRange();
          range.setStart(node, start);
          range.setEnd(node, start + wanted.length);
          const box = range.getBoundingClientRect();
          return { x: box.left + box.width / 2, y: box.top + box.height / 2 };
        }
        throw new Error(wanted);
      }, word);
      await page.touchscreen.tap(at.x, at.y);
    };
    await tap("Ada");
    await expect(page.getByText("From “Ada”: tap the last word, or the same one again.")).toBeVisible();
    await tap("Lovelace");
    await page.getByRole("dialog", { name: "Label for “Ada Lovelace”" }).getByRole("option", { name: /PER/ }).tap();
    await page.getByRole("button", { name: /^LOC/ }).tap(); // in the hand from now on
    await tap("London");
    await tap("London");
    await expect(page.getByRole("list", { name: "Marked spans" }).getByRole("listitem")).toHaveCount(2);
    await tap("Lovelace");
    await page.getByRole("dialog").getByRole("button", { name: /^Remove/ }).tap();
    await expect(page.getByRole("list", { name: "Marked spans" }).getByRole("listitem")).toHaveCount(1);
    await expectAccessible(page);
    await page.getByRole("button", { name: "Validate" }).tap();
    await expect.poll(async () => await server.mine("ana", "taps", "s0")).toMatchObject({ state: "submitted", value: { entities: [{ start: 28, end: 34, label: "LOC" }] } });
  });
});

test("agreement is explained, label by label, and every cell is reached by keyboard and opens its records", async ({ page, server, signIn }) => {
  await server.log("explained", "TextClassification", plain(12), { labels: TOPICS });
  await server.ask("admin", "PATCH", "explained/policies", two);
  for (const [at, { id }] of plain(12).entries()) {
    await server.answer("ana", "explained", String(id), TOPICS[at % 3] ?? "");
    await server.answer("ben", "explained", String(id), TOPICS[(at % 4 === 0 ? at + 1 : at) % 3] ?? "");
  }
  await signIn("admin");
  await page.goto("/datasets/team/explained/agreement");
  const whole = page.getByRole("region", { name: "Overall" });
  await expect(whole).toContainText(/Low|Fair|Good/);
  await expect(whole).toContainText("75% of the answers are equal");
  await expect(whole).toContainText("0.67");
  await expect(page.getByRole("region", { name: "Labels by person" })).toContainText("Team");
  const confusion = page.getByRole("region", { name: "Which labels get confused" });
  const cell = confusion.getByRole("link", { name: "ana sport, ben politics: 1 record", exact: true });
  await cell.focus();
  await expectAccessible(page);
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download CSV" }).click()]);
  expect(download.suggestedFilename()).toBe("agreement-explained.csv");
  await cell.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("1 record", { exact: true })).toBeVisible();
});

test("the team page shows progress by day and what happened in few lines", async ({ page, server, signIn }) => {
  await server.log("lines", "TextClassification", plain(20), { labels: TOPICS });
  await server.assign("lines", { overlap: 1, users: ["ana"] }, { blind: true });
  for (const { id } of plain(15)) await server.answer("ana", "lines", String(id), "sport");
  await server.ask("ana", "POST", "lines/records/t00/comments", { text: "Is this one meant?" });
  await signIn("admin");
  await page.goto("/datasets/team/lines/team");
  const activity = page.getByRole("region", { name: "Activity" });
  await expect(activity.getByText(/submitted 15 records/)).toBeVisible();
  await expect(activity.getByText("Is this one meant?")).toBeVisible();
  await activity.getByRole("button", { name: "Show records" }).click();
  await expect(activity.getByRole("link", { name: "t14" })).toBeVisible();
  const days = page.getByRole("region", { name: "Progress by day" });
  await expect(days.getByRole("img", { name: "Answers so far: ana 15" })).toBeVisible();
  await days.getByText("Show as a table").click();
  await expect(days.getByRole("cell", { name: "15" })).toBeVisible();
  await expectAccessible(page);
});

test("a reviewer reads the guidelines, copies one person's span down, and takes back what was asked again", async ({ page, server, signIn }) => {
  const text = "Ada met Charles.";
  const tokens = ["Ada", "met", "Charles", "."];
  await server.log("copying", "TokenClassification", ["s0", "s1"].map((id) => ({ id, text, tokens })), { labels: ["PER", "LOC"] });
  await server.ask("admin", "PATCH", "copying/policies", two);
  await server.ask("admin", "PUT", "copying/guidelines", { text: "# Names\n\nMark every name." });
  const submit = (as: string, id: string, ...entities: object[]) => server.ask(as, "PUT", `copying/records/${id}/annotations/me`, { value: { entities }, state: "submitted", version: 0 });
  for (const id of ["s0", "s1"]) {
    await submit("ana", id, { start: 0, end: 3, label: "PER" }, { start: 8, end: 15, label: "PER" });
    await submit("ben", id, { start: 0, end: 3, label: "PER" });
  }
  await signIn("admin");
  await page.goto("/datasets/team/copying/review?record=s0");
  await expect(page.getByRole("article", { name: "Answer of A" })).toBeVisible();
  await page.keyboard.press("g");
  await expect(page.getByText("Mark every name.")).toBeVisible();
  await page.keyboard.press("g");
  await expect(page.getByText("Mark every name.")).toBeHidden();
  const decision = page.getByRole("region", { name: "Final value" });
  await expect(decision.getByRole("list", { name: "Marked spans" }).getByRole("listitem")).toHaveCount(1); // what both have
  await page.getByRole("button", { name: /^Copy down ?: Charles PER/ }).click();
  await expect(decision.getByRole("list", { name: "Marked spans" }).getByRole("listitem")).toHaveCount(2);
  await expectAccessible(page);

  await page.keyboard.press("w");
  await page.getByRole("article", { name: "Answer of ana" }).getByRole("button", { name: /Ask again/ }).click();
  await page.keyboard.type("See page 3.");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/Sent back to/)).toBeVisible();
  await expect.poll(async () => await server.mine("ana", "copying", "s0")).toMatchObject({ state: "draft" });
  await page.keyboard.press("u");
  await expect.poll(async () => await server.mine("ana", "copying", "s0")).toMatchObject({ state: "submitted", counted: true });
});

test("a page whose files are gone after an upgrade is loaded again, and nothing is lost", async ({ page, server, signIn }) => {
  await server.log("upgraded", "TextClassification", plain(3), { labels: TOPICS });
  await server.ask("admin", "PATCH", "upgraded/policies", two);
  await signIn("admin");
  await page.goto("/datasets/team/upgraded/team");
  const loads: string[] = [];
  page.on("load", () => loads.push(page.url()));
  await page.route(/\/assets\/agreement-page[^/]*\.js$/, async (route) => {
    if (!loads.length) await route.fulfill({ status: 404 });
    else await route.continue();
  });
  await page.getByRole("link", { name: "Agreement" }).first().click();
  await expect.poll(() => loads.length).toBeGreaterThan(0);
  await expect(page).toHaveTitle(/^Agreement/);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
});

test("half a text is still there when the page is loaded again for a file that is gone", async ({ page, server, signIn }) => {
  await server.log("upgraded-typing", "Text2Text", [{ id: "u0", text: "Something long." }]);
  await server.assign("upgraded-typing", { overlap: 1, users: ["ana"] }, { blind: true });
  await signIn("ana");
  const loads: string[] = [];
  await page.route(/\/assets\/panels-[^/]*\.js$/, async (route) => {
    if (loads.length < 2) await route.fulfill({ status: 404 });
    else await route.continue();
  });
  page.on("load", () => loads.push(page.url()));
  await page.goto("/datasets/team/upgraded-typing?view=queue");
  const field = page.getByRole("textbox", { name: "Your text" });
  await field.click();
  await page.keyboard.type("Half a thought, and");
  expect(loads).toHaveLength(1);
  await page.getByRole("button", { name: "Search, filters and view" }).click();
  await expect.poll(() => loads.length).toBe(2);
  await expect(field).toHaveValue("Half a thought, and");
  await page.getByRole("button", { name: "Search, filters and view" }).click();
  await expect(page.getByRole("textbox", { name: "Search records" })).toBeVisible();
});
