import { expect, expectAccessible, test, TOPICS, topics } from "./journey";

const NAMES = Array.from({ length: 26 }, (_, at) => `kind ${String.fromCharCode(97 + at)}`);

test("several labels are found by typing without leaving the box, and Enter on the empty box validates", async ({ page, server, signIn }) => {
  const records = topics(3).map((each) => ({ ...each, multi_label: true, prediction: undefined }));
  await server.log("several-typed", "TextClassification", records, { labels: [...NAMES, "asyn", "deb"] });
  await signIn("ana");
  await page.goto("/datasets/team/several-typed");
  await expect(page.getByText("1 of 3")).toBeVisible();
  await page.keyboard.press("l");
  await page.keyboard.type("deb");
  await page.keyboard.press("Enter");
  await page.keyboard.type("asy");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "asyn" })).toHaveAttribute("aria-pressed", "true");
  await expect(page.getByRole("textbox", { name: "Find a label" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByText("2 of 3")).toBeVisible();
  await expect.poll(() => server.record("several-typed", "t00")).toMatchObject({ status: "Validated", annotation: { labels: [{ class: "deb" }, { class: "asyn" }] } });
  await page.keyboard.press("1"); // keys are the screen's again
  await expect(page.getByRole("button", { name: "kind a" })).toHaveAttribute("aria-pressed", "true");
});

test("labels beyond the tenth have keys, letters first and then digits with Shift", async ({ page, server, signIn }) => {
  await server.log("many-keys", "TextClassification", topics(3).map((each) => ({ ...each, prediction: undefined })), { labels: NAMES });
  await signIn("ana");
  await page.goto("/datasets/team/many-keys");
  await expect(page.getByText("1 of 3")).toBeVisible();
  await expect(page.getByRole("button", { name: "B kind k" })).toBeVisible();
  await page.keyboard.press("b");
  await expect.poll(() => server.record("many-keys", "t00")).toMatchObject({ annotation: { labels: [{ class: "kind k" }] } });
  await expect(page.getByText("2 of 3")).toBeVisible();
  await page.keyboard.press("Shift+Digit2");
  await expect.poll(() => server.record("many-keys", "t01")).toMatchObject({ annotation: { labels: [{ class: "kind x" }] } });
});

test("spans that overlap have a line each, from start to end", async ({ page, server, signIn }) => {
  const text = "Python standard library documentation";
  const entities = [{ start: 0, end: 23, label: "CONCEPT" }, { start: 16, end: 37, label: "TYPE" }];
  await server.log("lanes", "TokenClassification", [{ id: "l0", text, tokens: text.split(" ") }], { labels: ["CONCEPT", "TYPE"], overlapping: true });
  await server.ask("ana", "PUT", "lanes/records/l0/annotations/me", { value: { entities }, state: "submitted", version: 0 });
  await signIn("ana");
  await page.goto("/datasets/team/lanes?record=l0");
  const part = (words: string) => page.getByRole("textbox", { name: "Text" }).locator("span", { hasText: words });
  const lines = async (words: string) => (await part(words).evaluate((each) => getComputedStyle(each).boxShadow)).split(/, (?=rgb|oklch|color)/).length;
  await expect(part("library")).toBeVisible();
  expect([await lines("Python standard"), await lines("library"), await lines("documentation")]).toEqual([2, 4, 4]);
  await expect(part("library")).toHaveAttribute("data-label", "CONCEPT");
  await expect(part("documentation")).toHaveAttribute("data-label", "TYPE");
  await expectAccessible(page);
});

test("words stay marked while their label is chosen, and what was done is said", async ({ page, server, signIn }) => {
  const text = "Grace wrote COBOL early";
  await server.log("said", "TokenClassification", [0, 1].map((n) => ({ id: `s${String(n)}`, text: `${text} ${String(n)}`, tokens: [...text.split(" "), String(n)] })), { labels: ["PER", "LANG"] });
  await signIn("ana");
  await page.addInitScript(() => {
    const spoken: string[] = [];
    Object.assign(window, { spoken });
    Object.assign(document, { ariaNotify: (words: string) => spoken.push(words) });
  });
  const spoken = () => page.evaluate(() => (window as unknown as { spoken: string[] }).spoken.splice(0).join("|"));
  await page.goto("/datasets/team/said");
  await expect.poll(spoken).toContain("1 of 2: Grace wrote COBOL early 0");
  const box = await page.getByRole("textbox", { name: "Text" }).boundingBox();
  if (!box) throw new Error("no text");
  await page.mouse.move(box.x + 4, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + 80, box.y + box.height / 2, { steps: 4 });
  await page.mouse.up();
  await expect(page.getByRole("dialog", { name: /Label for/ })).toBeVisible();
  const marked = () => page.evaluate(() => [...(CSS.highlights.get("marking") ?? [])].map(String).join());
  await expect.poll(marked).toMatch(/^Grace/);
  await page.keyboard.press("1");
  await expect.poll(marked).toBe("");
  await expect.poll(spoken).toMatch(/Grace.*marked PER/);
  await page.keyboard.press("Enter");
  await expect.poll(spoken).toContain("2 of 2: Grace wrote COBOL early 1");
  await expect(page.getByRole("status").filter({ hasText: /Saved|Saving/ })).toHaveAttribute("aria-live", "off");
});

test("the box for a text takes the direction of what is written in it", async ({ page, server, signIn }) => {
  await server.log("leftward", "Text2Text", [{ id: "w0", text: "Hello" }]);
  await signIn("ana");
  await page.goto("/datasets/team/leftward");
  await page.getByRole("textbox", { name: "Your text" }).click();
  await page.keyboard.type("مرحبا");
  expect(await page.getByRole("textbox", { name: "Your text" }).evaluate((each) => getComputedStyle(each).direction)).toBe("rtl");
});

test("after a reload with answers on their way the queue goes on after them", async ({ page, server, signIn }) => {
  await server.log("under-way", "TextClassification", topics(8), { labels: TOPICS });
  await server.assign("under-way", { overlap: 1, users: ["ana"] });
  await server.ask("admin", "PATCH", "under-way/policies", { annotation: "individual", blind: true });
  await signIn("ana");
  await page.goto("/datasets/team/under-way?view=queue");
  const card = page.getByRole("article");
  await page.route("**/annotations/me*", async (route) => {
    if (route.request().method() === "PUT") await new Promise((done) => setTimeout(done, 700));
    await route.continue().catch(() => undefined);
  });
  const answered: string[] = [];
  for (let each = 0; each < 3; each++) {
    const name = (await card.getAttribute("aria-label")) ?? "";
    answered.push(name);
    await page.keyboard.press("1");
    await expect(card).not.toHaveAttribute("aria-label", name);
  }
  await page.reload();
  await expect(card).toBeVisible();
  expect(answered).not.toContain(await card.getAttribute("aria-label"));
  await expect(page.getByRole("button", { name: "Validate" })).toBeVisible();
  for (const each of answered) await expect.poll(async () => (await server.mine("ana", "under-way", each.replace("Record ", "")))["state"]).toBe("submitted");
});

test("an answer is sent although the page was reloaded before the browser's database had it", async ({ page, server, signIn }) => {
  await server.log("reloaded", "TextClassification", topics(3), { labels: TOPICS });
  await server.assign("reloaded", { overlap: 1, users: ["ana"] });
  await signIn("ana");
  await page.addInitScript(() => {
    if (sessionStorage.getItem("reloaded")) return;
    sessionStorage.setItem("reloaded", "yes");
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (value, key) {
      const request = put.call(this, value, key);
      const hold = (store: IDBObjectStore) => { store.get("none").onsuccess = () => { hold(store); }; };
      if (this.name === "letters") hold(this); // so that it's never committed
      return request;
    };
  });
  await page.route("**/annotations/me*", (route) => route.abort());
  await page.goto("/datasets/team/reloaded?view=queue");
  const card = page.getByRole("article");
  const answered = (await card.getAttribute("aria-label")) ?? "";
  await page.keyboard.press("1");
  await expect(card).not.toHaveAttribute("aria-label", answered);
  await page.unroute("**/annotations/me*");
  await page.reload();
  await expect.poll(async () => (await server.record("reloaded", answered.replace("Record ", "")))["status"]).toBe("Validated");
});

test("a finished queue leads on to the next dataset and to all that is assigned", async ({ page, server, signIn }) => {
  for (const name of ["lead-on-a", "lead-on-b"]) {
    await server.log(name, "TextClassification", topics(2), { labels: TOPICS });
    await server.assign(name, { overlap: 1, users: ["cy"] });
  }
  await signIn("cy");
  await page.goto("/datasets/team/lead-on-a?view=queue");
  await expect(page.getByRole("article")).toBeVisible();
  await page.keyboard.press("1");
  await expect(page.getByText("1 left", { exact: true }).first()).toBeVisible();
  await page.keyboard.press("1");
  await expect(page.getByRole("link", { name: "All my work" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("link", { name: /^Continue: \d+ left in / }).click();
  await expect(page.getByRole("article")).toBeVisible();
  await expect(page).not.toHaveURL(/lead-on-a/);
});
