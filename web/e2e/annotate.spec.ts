import { entities, expect, expectAccessible, test, TOPICS, topics } from "./journey";

test("an annotator labels by number, goes on by itself, and takes a mistake back", async ({ page, server, signIn }) => {
  await server.log("by-number", "TextClassification", topics(30), { labels: TOPICS });
  await signIn("ana");
  await page.goto("/datasets/team/by-number");
  await expect(page.getByText("Sentence number 0 ")).toBeVisible();

  await page.keyboard.press("1");
  await expect(page.getByText("Sentence number 1 ")).toBeVisible();
  await page.keyboard.press("2");
  await page.keyboard.press("d");
  await expect(page.getByText("4 of 30")).toBeVisible();
  await expect(page.getByText(/^Saved \d\d:\d\d/)).toBeVisible();
  expect(await server.record("by-number", "t00")).toMatchObject({ status: "Validated", annotation: { agent: "ana", labels: [{ class: "sport" }] } });
  await expect.poll(() => server.status("by-number", "t02")).toBe("Discarded");

  await page.keyboard.press("Control+z");
  await page.keyboard.press("u");
  await expect(page.getByText("Sentence number 1 ")).toBeVisible();
  await expect.poll(() => server.status("by-number", "t01")).toBe("Default");
  await expect.poll(() => server.status("by-number", "t02")).toBe("Default");
  expect(await server.record("by-number", "t02")).toMatchObject({ annotation: null });

  await page.reload();
  await expect(page.getByText("Sentence number 1 ")).toBeVisible();
  await expectAccessible(page);
});

test("a whole filtered queue can be worked through without a record slipping by", async ({ page, server, signIn }) => {
  await server.log("to-the-end", "TextClassification", topics(26), { labels: TOPICS });
  await signIn("ana");
  await page.goto("/datasets/team/to-the-end?status=Default");
  for (let n = 0; n < 26; n++) {
    await expect(page.getByText(`Sentence number ${String(n)} `)).toBeVisible();
    await page.keyboard.press("1");
  }
  await expect(page.getByText("You went through 26 records")).toBeVisible();
  await expect(page.getByText("All done")).toBeVisible();
  await expectAccessible(page);
});

test("several labels are chosen by number and by typing, then validated with Enter", async ({ page, server, signIn }) => {
  const labels = Array.from({ length: 40 }, (_, n) => `label ${String(n)}`);
  const records = topics(3).map((each) => ({ ...each, prediction: null, multi_label: true }));
  await server.log("several", "TextClassification", records, { labels });
  await signIn("ana");
  await page.goto("/datasets/team/several");
  await expect(page.getByText("Sentence number 0 ")).toBeVisible();

  await page.keyboard.press("2");
  await page.keyboard.press("l");
  await page.keyboard.type("label 37");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "label 37" })).toHaveAttribute("aria-pressed", "true");
  await expectAccessible(page);
  await page.keyboard.press("Enter");

  await expect(page.getByText("Sentence number 1 ")).toBeVisible();
  await expect.poll(() => server.status("several", "t00")).toBe("Validated");
  expect(await server.record("several", "t00")).toMatchObject({ annotation: { labels: [{ class: "label 1" }, { class: "label 37" }] } });
});

test("spans are marked by keyboard, in code points, past an emoji and from right to left", async ({ page, server, signIn }) => {
  await server.log("spans-keys", "TokenClassification", entities(), { labels: ["PER", "LOC", "ORG"] });
  await signIn("ana");
  await page.goto("/datasets/team/spans-keys");
  const text = page.getByRole("textbox", { name: "Text" });
  await expect(text).toBeFocused();
  await expectAccessible(page);

  for (const key of ["ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"]) await page.keyboard.press(key);
  await page.keyboard.press("1"); // Charles
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Space"); // accepts London as ORG …
  await page.keyboard.press("2"); // … and corrects it
  await page.keyboard.press("a"); // and the rest as predicted
  await page.keyboard.press("Enter");
  await expect.poll(() => server.status("spans-keys", "e0")).toBe("Validated");
  const saved = (await server.record("spans-keys", "e0"))["annotation"] as { entities: unknown[] };
  expect(saved.entities).toMatchObject([
    { start: 2, end: 5, label: "PER" },
    { start: 10, end: 17, label: "PER" },
    { start: 21, end: 27, label: "LOC" },
  ]);

  await expect(text).toHaveText(/Ada/);
  await expect(text).toBeFocused();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("3");
  await page.keyboard.press("Enter");
  await expect.poll(() => server.status("spans-keys", "e1")).toBe("Validated");
  expect((await server.record("spans-keys", "e1"))["annotation"]).toMatchObject({ entities: [{ start: 6, end: 12, label: "ORG" }] });
});

test("spans are marked, changed and removed with the mouse", async ({ page, server, signIn }) => {
  await server.log("spans-mouse", "TokenClassification", entities(), { labels: ["PER", "LOC", "ORG"] });
  await signIn("ana");
  await page.goto("/datasets/team/spans-mouse?record=e2");
  const text = page.getByRole("textbox", { name: "Text" });
  await expect(text).toHaveText("Grace wrote COBOL.");

  const box = await text.boundingBox();
  if (!box) throw new Error("no text");
  await page.mouse.move(box.x + 5, box.y + 18);
  await page.mouse.down();
  await page.mouse.move(box.x + 30, box.y + 18, { steps: 4 });
  await page.mouse.up();
  const popup = page.getByRole("dialog", { name: "Label for “Grace”" });
  await expect(popup).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.type("loc");
  await page.keyboard.press("Enter");
  const list = page.getByRole("list", { name: "Marked spans" });
  await expect(list).toContainText("LOC");

  await text.getByText("Grace").click();
  await page.getByRole("option", { name: "PER" }).click();
  await expect(list).toContainText("PER");
  await page.getByRole("button", { name: "Remove PER from “Grace”" }).click();
  await expect(list).toBeHidden();

  await page.getByRole("button", { name: "ORG" }).click(); // stays in the hand
  await text.getByText("Grace").dblclick({ position: { x: 10, y: 18 } });
  await expect(list).toContainText("ORG");
  await page.getByRole("button", { name: "Validate" }).click();
  await expect.poll(() => server.status("spans-mouse", "e2")).toBe("Validated");
  expect((await server.record("spans-mouse", "e2"))["annotation"]).toMatchObject({ entities: [{ start: 0, end: 5, label: "ORG" }] });
});

test("a text is taken from a prediction, changed and validated from the keyboard", async ({ page, server, signIn }) => {
  const sentences = [{ text: "Short.", score: 0.7 }];
  await server.log("writing", "Text2Text", [
    { id: "w0", text: "A long story.", prediction: { agent: "model", sentences } },
    { id: "w1", text: "Another one." },
  ]);
  await signIn("ana");
  await page.goto("/datasets/team/writing");
  await page.getByRole("button", { name: /Use this/ }).click();
  await expect(page.getByRole("textbox", { name: "Your text" })).toHaveValue("Short.");
  await expectAccessible(page);
  await page.keyboard.press("End");
  await page.keyboard.type(" And sweet.");
  await page.keyboard.press("Control+Enter");

  await expect(page.getByText("Another one.")).toBeVisible();
  await expect.poll(() => server.status("writing", "w0")).toBe("Validated");
  expect((await server.record("writing", "w0"))["annotation"]).toMatchObject({ sentences: [{ text: "Short. And sweet." }] });
});

test("several records of a list are labelled at once, and that is undone at once", async ({ page, server, signIn }) => {
  await server.log("at-once", "TextClassification", topics(12), { labels: TOPICS });
  await signIn("ana");
  await page.goto("/datasets/team/at-once?view=list");
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await expect(page.getByText("10 selected")).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Label…" }).click();
  await page.getByRole("option", { name: "politics" }).click();
  await expect(page.getByText("10 validated")).toBeVisible();
  expect(await server.record("at-once", "t09")).toMatchObject({ annotation: { agent: "ana", labels: [{ class: "politics" }] } });

  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("0 validated", { exact: true })).toBeVisible();
  await expect.poll(() => server.status("at-once", "t09")).toBe("Default");

  await page.getByRole("button", { name: "Page 2 of 2" }).click();
  await expect(page.getByText("Sentence number 11 ")).toBeVisible();
  expect(page.url()).toContain("page=2");
});

test("ids with a slash or more digits than a browser counts are annotated like any other", async ({ page, server, signIn }) => {
  const odd = ["a/b", "1234567890123456789", "ü ?&#"];
  await server.log("odd-ids", "TextClassification", odd.map((id) => ({ id, inputs: { text: `Record ${id}` } })), { labels: TOPICS });
  await signIn("ana");
  await page.goto("/datasets/team/odd-ids");
  await expect(page.getByText("1 of 3")).toBeVisible();
  for (const at of [1, 2, 3]) {
    await expect(page.getByText(`${String(at)} of 3`)).toBeVisible();
    await page.keyboard.press("1");
  }
  for (const id of odd) await expect.poll(() => server.status("odd-ids", id)).toBe("Validated");
});

test("every key is listed", async ({ page, server, signIn }) => {
  await server.log("keys", "TokenClassification", entities(), { labels: ["PER", "ORG"] });
  await signIn("ana");
  await page.goto("/datasets/team/keys");
  await expect(page.getByText("1 of 3")).toBeVisible();
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keyboard shortcuts" })).toContainText("Select more words");
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toBeHidden();
});

test("marks are made longer and shorter by key and by handle, and predictions are rejected", async ({ page, server, signIn }) => {
  const record = {
    id: "z0",
    text: "Ada Lovelace met Charles Babbage in London.",
    tokens: ["Ada", "Lovelace", "met", "Charles", "Babbage", "in", "London", "."],
    prediction: { agent: "tagger", entities: [{ start: 13, end: 16, label: "ORG", score: 0.3 }, { start: 36, end: 42, label: "LOC", score: 0.9 }] },
  };
  await server.log("resized", "TokenClassification", [record, { ...record, id: "z1" }], { labels: ["PER", "LOC", "ORG"], overlapping: true });
  await signIn("ana");
  await page.goto("/datasets/team/resized");
  const text = page.getByRole("textbox", { name: "Text" });
  const list = page.getByRole("list", { name: "Marked spans" });
  await expect(text).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("1");
  await page.keyboard.press("Alt+ArrowRight");
  await expect(list).toContainText("Ada Lovelace PER");
  await page.keyboard.press("Alt+Shift+ArrowRight");
  await expect(list).toContainText("Lovelace PER");

  await page.getByRole("button", { name: "Reject ORG for “met”" }).click();
  await expect(list).not.toContainText("ORG");
  await text.getByText("Lovelace", { exact: true }).click();
  const handle = await page.locator("[data-edge=end]").boundingBox();
  const goal = await text.getByText(/met Charles/).boundingBox();
  if (!handle || !goal) throw new Error("no handle");
  await page.mouse.move(handle.x + 8, handle.y + 8);
  await page.mouse.down();
  await page.mouse.move(goal.x + 20, goal.y + goal.height / 2, { steps: 4 });
  await page.mouse.up();
  await expect(list).toContainText("Lovelace met PER");
  await page.keyboard.press("x"); // what else is predicted
  await expect(list).not.toContainText("LOC");
  await page.keyboard.press("u");
  await expect(list).toContainText("LOC");
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await expect.poll(() => server.status("resized", "z0")).toBe("Validated");
  expect((await server.record("resized", "z0"))["annotation"]).toMatchObject({ entities: [{ start: 4, end: 16, label: "PER" }] });
});

test("a thousand labels and a text of fifty thousand characters stay usable", async ({ page, server, signIn }) => {
  const labels = Array.from({ length: 1000 }, (_, n) => `label ${String(n)}`);
  const tokens = Array.from({ length: 8400 }, (_, n) => `word${String(n % 100)}`);
  await server.log("huge", "TokenClassification", [{ id: "h0", text: tokens.join(" "), tokens }], { labels });
  await server.log("huge-choice", "TextClassification", [{ id: "h0", inputs: { text: tokens.join(" ") } }], { labels });
  await signIn("ana");
  await page.goto("/datasets/team/huge");
  const text = page.getByRole("textbox", { name: "Text" });
  await expect(text).toBeFocused();
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("l");
  await page.keyboard.type("label 777");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("list", { name: "Marked spans" })).toContainText("label 777");
  await page.keyboard.press("Enter");
  await expect.poll(() => server.status("huge", "h0")).toBe("Validated");

  await page.goto("/datasets/team/huge-choice");
  await expect(page.getByRole("group", { name: "Labels" })).toBeVisible();
  await page.keyboard.press("l");
  await page.keyboard.type("label 999");
  await page.keyboard.press("Enter");
  await expect.poll(() => server.record("huge-choice", "h0")).toMatchObject({ status: "Validated", annotation: { labels: [{ class: "label 999" }] } });
});
