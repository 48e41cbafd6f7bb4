import { entities, expect, expectAccessible, test, TOPICS, topics } from "./journey";

test.use({ servedFor: "inbox" }); // whose comments wait depends on every dataset

const own = { annotation: "individual", blind: true };

test("what annotators flag waits on the home of who leads, with the words, to be answered or marked as done", async ({ page, server, signIn }) => {
  await server.log("flagged", "TextClassification", topics(3), { labels: TOPICS });
  await server.assign("flagged", { overlap: 1, users: ["ana"] });
  await server.ask("admin", "PATCH", "flagged/policies", own);
  await server.ask("ana", "POST", "flagged/records/t00/comments", { text: "Is irony meant?" });
  await server.ask("ana", "POST", "flagged/records/t01/comments", { text: "The text is cut off." });
  await signIn("admin");
  await page.goto("/team");
  const inbox = page.getByRole("region", { name: "2 comments for you" });
  await expect(inbox).toContainText("Is irony meant?");
  await expectAccessible(page);
  await inbox.getByRole("button", { name: "Reply to ana about record t00" }).click();
  await page.keyboard.type("Yes, it is.");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Is irony meant?")).toBeHidden();
  expect(await server.ask("ana", "GET", "flagged/records/t00/comments")).toMatchObject({ comments: [{}, { author: "admin", to: "ana", text: "Yes, it is." }] });
  await page.getByRole("button", { name: "Mark the comment of ana on record t01 as done" }).click();
  await expect(page.getByText("Marked as done.")).toBeVisible();
  await expect(page.getByText("The text is cut off.")).toBeHidden();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("The text is cut off.")).toBeVisible();
  await page.getByRole("link", { name: "Record t01 of flagged" }).click();
  await expect(page.getByRole("article", { name: "Record t01" })).toBeVisible();
});

test("a reviewer asks one person again with a reason, who finds it on My work and in the queue", async ({ page, server, signIn }) => {
  await server.log("again", "TextClassification", topics(2), { labels: TOPICS });
  await server.assign("again", { overlap: 2, users: ["ana", "ben"] });
  await server.ask("admin", "PATCH", "again/policies", own);
  for (const id of ["t00", "t01"]) {
    await server.answer("ana", "again", id, "sport");
    await server.answer("ben", "again", id, "science");
  }
  await signIn("admin");
  await page.goto("/datasets/team/again/review?record=t00");
  await expect(page.getByRole("article", { name: "Answer of A" })).toBeVisible();
  await page.keyboard.press("w");
  await page.getByRole("article", { name: "Answer of ana" }).getByRole("button", { name: /Ask again/ }).click();
  await page.keyboard.type("See page 3.");
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await expect(page.getByText(/Sent back to/)).toBeVisible();
  await expect.poll(async () => await server.mine("ana", "again", "t00")).toMatchObject({ state: "draft", value: { labels: [{ class: "sport" }] } });
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toContainText("Resolve and go to the next");

  await signIn("ana");
  await page.goto("/my-work");
  await expect(page.getByRole("region", { name: /for you$/ })).toContainText("See page 3.");
  await page.goto("/datasets/team/again?view=queue");
  await expect(page.getByRole("article", { name: "Record t00" })).toBeVisible();
  await page.keyboard.press("3");
  await expect.poll(async () => await server.mine("ana", "again", "t00")).toMatchObject({ state: "submitted", counted: true });
});

test("My work says how many of my answers were changed, one click from them", async ({ page, server, signIn }) => {
  await server.log("corrected", "TextClassification", topics(4), { labels: TOPICS });
  await server.assign("corrected", { overlap: 1, users: ["cy"] });
  await server.ask("admin", "PATCH", "corrected/policies", own);
  for (const id of ["t00", "t01", "t02"]) await server.answer("cy", "corrected", id, "sport");
  for (const [id, label] of [["t00", "politics"], ["t01", "science"], ["t02", "sport"]]) {
    await server.ask("admin", "PUT", `corrected/records/${id ?? ""}/gold`, { value: { labels: [{ class: label }] }, reason: "See page 3.", version: 0 });
  }
  await signIn("cy");
  await page.goto("/my-work");
  await expect(page.getByText("2 of your answers in corrected were changed")).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: /^Show them/ }).click();
  await expect(page.getByText("The final value differs from your answer")).toBeVisible();
  await expect(page.getByText("1 of 2")).toBeVisible();
  await expect(page.getByText("Reason: See page 3.")).toBeVisible();
  await page.goto("/my-work");
  await expect(page.getByRole("link", { name: "2 changed answers in corrected" })).toBeVisible();
});

test("a reviewer sees which record it is and what was predicted, and begins with the spans that all have", async ({ page, server, signIn }) => {
  await server.log("context", "TokenClassification", entities().map((each) => ({ ...each, metadata: { source: "diary" } })), { labels: ["PER", "ORG", "LOC"] });
  await server.ask("admin", "PATCH", "context/policies", { ...own, required: 2 });
  const ada = { start: 2, end: 5, label: "PER" };
  for (const [who, more] of [["ana", []], ["ben", [{ start: 21, end: 27, label: "LOC" }]]] as const) {
    await server.ask(who, "PUT", "context/records/e0/annotations/me", { value: { entities: [ada, ...more] }, state: "submitted", version: 0, seconds: 12 });
  }
  await signIn("admin");
  await page.goto("/datasets/team/context/review");
  await expect(page.getByText("diary")).toBeVisible();
  await expect(page.getByText("tagger: 2 spans")).toBeVisible();
  await expect(page.getByText("12 s").first()).toBeVisible();
  await expect(page.getByRole("region", { name: "Final value" }).getByRole("button", { name: /Ada/ }).first()).toBeVisible();
  await expectAccessible(page);
});
