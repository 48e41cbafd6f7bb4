/** The first day of an annotator and of a reviewer, by keyboard alone; and the tutorial's second way of sharing out. */

import { expect, expectAccessible, PASSWORD, test, TOPICS, topics, type Wire } from "./journey";

const texts = (count: number): Wire[] => topics(count).map(({ id, inputs }) => ({ id, inputs }));

test("an annotator labels fifty records by keyboard, takes one mistake back, and comes back to the same place", async ({ page, server, signIn, context }) => {
  await server.log("first-day", "TextClassification", texts(60), { labels: TOPICS });
  await server.assign("first-day", { overlap: 1, users: ["ana"] }, { blind: true });
  await signIn("ana");
  await page.goto("/my-work");
  await page.getByRole("link", { name: "Start: first-day" }).focus();
  await page.keyboard.press("Enter");

  const card = page.getByRole("article");
  const left = (count: number) => expect(page.getByText(`${String(count)} left`, { exact: true }).first()).toBeVisible();
  await left(60);
  for (let done = 0; done < 50; done++) {
    await expect(card).toBeVisible();
    await page.keyboard.press(String((done % 3) + 1));
    await left(59 - done);
    if (done !== 20) continue;
    const next = await card.getAttribute("aria-label");
    await page.keyboard.press("Control+z"); // a mistake
    await expect(card).not.toHaveAttribute("aria-label", next ?? "");
    await page.keyboard.press("2");
    await expect(card).toHaveAttribute("aria-label", next ?? "");
  }
  await expect(page.getByText(/^Saved \d\d:\d\d/)).toBeVisible();
  await expect(page.getByText("50 of 60 done")).toBeVisible();
  const here = (await card.getAttribute("aria-label")) ?? "";

  await page.close({ runBeforeUnload: true });
  const again = await context.newPage();
  await again.goto("/");
  await again.getByRole("link", { name: "Continue: first-day" }).focus();
  await again.keyboard.press("Enter");
  await expect(again.getByRole("article")).toHaveAttribute("aria-label", here);
  await expect(again.getByText("10 left", { exact: true }).first()).toBeVisible();
  const { annotators } = (await server.ask("admin", "GET", "first-day/progress")) as { annotators: { annotator: string; done: number }[] };
  expect(annotators).toMatchObject([{ annotator: "ana", done: 50 }]);
});

test("a reviewer settles ten disagreements by keyboard, and sends one back with a reason", async ({ page, server, signIn }) => {
  await server.log("ten-torn", "TextClassification", texts(10), { labels: TOPICS });
  await server.ask("admin", "PATCH", "ten-torn/policies", { blind: true, required: 2 });
  for (const { id } of texts(10)) {
    await server.answer("ana", "ten-torn", String(id), "sport");
    await server.answer("ben", "ten-torn", String(id), "politics");
  }
  await signIn("admin");
  await page.goto("/datasets/team/ten-torn/review");
  for (let done = 0; done < 10; done++) {
    await expect(page.getByText(`${String(done + 1)} of 10`)).toBeVisible();
    if (done === 4) {
      await page.keyboard.press("m");
      await page.keyboard.type("Please look at page 3 again.");
      await page.keyboard.press("Enter");
      await expect(page.getByText("Please look at page 3 again.")).toBeVisible();
      await page.keyboard.press("Escape");
    }
    await page.keyboard.press(done % 2 ? "1" : "2");
    if (done === 4) {
      await page.keyboard.press("r");
      await page.keyboard.type("it is about votes");
    }
    await page.keyboard.press("Enter");
  }
  await expect(page.getByText("That was the last conflict")).toBeVisible();
  const decided = await Promise.all(texts(10).map(({ id }) => server.mine("ana", "ten-torn", String(id))));
  const golds = decided.map((each) => each["gold"] as { author: string; reason: string | null; value: { labels: { class: string }[] } });
  expect(golds.map((each) => each.author)).toEqual(Array.from({ length: 10 }, () => "admin"));
  expect(golds.filter((each) => each.reason === "it is about votes")).toHaveLength(1);
  // whom it corrects reads what was decided and why
  const sent = golds.findIndex((each) => each.reason !== null);
  const corrected = golds[sent]?.value.labels[0]?.class === "sport" ? "ben" : "ana";
  await signIn(corrected);
  await page.goto(`/datasets/team/ten-torn?record=${String(texts(10)[sent]?.id)}`);
  await expect(page.getByText("Reason: it is about votes")).toBeVisible();
});

test("the tutorial's second way: each person's records in their own workspace, seen by nobody else", async ({ page, server, signIn, browser, baseURL }) => {
  for (const [who, from] of [["ana", 0], ["ben", 6]] as const) {
    await server.workspaceOf(who);
    await server.log("second-way", "TextClassification", topics(12).slice(from, from + 6), { labels: TOPICS, workspace: who });
  }
  await signIn("ana");
  await page.goto("/datasets?q=second-way");
  await page.getByRole("link", { name: "second-way", exact: true }).click();
  await expect(page.getByText("1 of 6")).toBeVisible();
  for (let n = 0; n < 6; n++) await page.keyboard.press("1");
  await expect(page.getByText("You went through 6 records")).toBeVisible();
  await expect(page.getByText(/^Saved \d\d:\d\d/)).toBeVisible();
  await page.goto("/datasets/ben/second-way");
  await expect(page.getByRole("alert")).toContainText("Dataset not found");

  const other = await browser.newContext({ baseURL: baseURL ?? "" });
  const admin = await other.newPage();
  await admin.request.post("/api/session", { headers: { "X-Apportion": "1" }, data: { username: "admin", password: PASSWORD } });
  await admin.goto("/datasets?q=second-way");
  await expect(admin.getByRole("link", { name: "second-way", exact: true })).toHaveCount(2);
  await admin.goto("/datasets/ana/second-way?view=list&status=Validated");
  await expect(admin.getByText("6 records")).toBeVisible();
  await other.close();
});

test("everything stays usable on a phone and at 200 % zoom, in both schemes", async ({ page, server, signIn }) => {
  await server.log("small", "TextClassification", topics(4), { labels: TOPICS });
  const tokens = ["Ada", "met", "Charles", "."];
  await server.log("small-spans", "TokenClassification", [{ id: "s0", text: "Ada met Charles.", tokens }], { labels: ["PER"] });
  await signIn("ana");
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  for (const [width, height] of [[375, 720], [640, 400]] as const) {
    await page.setViewportSize({ width, height });
    for (const path of ["/my-work", "/datasets/team/small", "/datasets/team/small?view=list", "/datasets/team/small-spans", "/user-settings"]) {
      await page.goto(path);
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      if (path.includes("small")) await expect(page.getByRole("article").first()).toBeVisible();
      expect(await fits(), `${path} at ${String(width)}`).toBe(true);
      if (path.includes("small")) await expectAccessible(page);
    }
  }
  await page.setViewportSize({ width: 375, height: 720 });
  await page.goto("/datasets/team/small");
  await page.getByRole("button", { name: "science" }).click();
  await expect(page.getByText("2 of 4")).toBeVisible();
  await page.getByRole("button", { name: "Filters", exact: true }).click();
  await page.getByRole("button", { name: "Status" }).click();
  await page.getByRole("checkbox", { name: /Open/ }).check();
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await expect(page.getByText("1 of 3")).toBeVisible();
});
