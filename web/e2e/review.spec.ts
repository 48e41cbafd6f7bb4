import type { APIRequestContext, Page } from "@playwright/test";

import { expect, expectAccessible, PASSWORD, type Server, test, type Wire } from "./journey";

type Labels = Record<string, string | null>;

/** Answers of ana and ben, who see nothing of each other's. */
class Team {
  constructor(
    private readonly request: APIRequestContext,
    private readonly server: Server,
  ) {}

  async ask(as: string, method: string, path: string, data?: unknown) {
    const headers = { "X-Argilla-Api-Key": `${as}.apikey` };
    const reply = await this.request.fetch(`/api/${path}`, { method, headers, ...(data === undefined ? {} : { data }) });
    expect(reply.ok(), `${path}: ${await reply.text()}`).toBe(true);
    return (await reply.json()) as Record<string, unknown>;
  }

  /** A reviewer, who settles what they disagree on. */
  async rita() {
    const headers = { "X-Argilla-Api-Key": "admin.apikey" };
    const data = { username: "rita", password: PASSWORD, first_name: "Rita", role: "annotator" };
    const made = await this.request.post("/api/users", { headers, data });
    if (made.ok()) {
      const { id } = (await made.json()) as { id: string };
      const reply = await this.request.get("/api/workspaces", { headers });
      const workspaces = (await reply.json()) as { id: string; name: string }[];
      const there = workspaces.find((each) => each.name === "team")?.id ?? "";
      await this.ask("admin", "POST", `workspaces/${there}/users/${id}`);
    }
    await this.ask("admin", "PATCH", "workspaces/team/members/rita", { role: "reviewer" });
  }

  async blind(name: string, task: "TextClassification" | "TokenClassification" | "Text2Text", records: readonly Wire[], labels?: string[]) {
    await this.server.log(name, task, records, labels ? { labels } : {});
    await this.ask("admin", "PATCH", `datasets/${name}/policies?workspace=team`, { blind: true, required: 2 });
  }

  /** Has the server agreement, and all that came with it? */
  async measures(name: string) {
    const headers = { "X-Argilla-Api-Key": "admin.apikey" };
    return (await this.request.get(`/api/datasets/${name}/agreement?workspace=team`, { headers })).status() !== 404;
  }

  async answer(name: string, id: string, who: string, value: unknown) {
    const state = value === null ? "discarded" : "submitted";
    await this.ask(who, "PUT", `datasets/${name}/records/${id}/annotations/me?workspace=team`, { value, state, version: 0 });
  }

  async label(name: string, answers: Record<string, Labels>) {
    for (const [id, given] of Object.entries(answers)) {
      for (const [who, label] of Object.entries(given)) await this.answer(name, id, who, label === null ? null : { labels: [{ class: label }] });
    }
  }

  async everyones(name: string, id: string) {
    return (await this.ask("admin", "GET", `datasets/${name}/records/${id}/annotations?workspace=team`)) as { gold: Record<string, unknown> | null };
  }

  async mine(name: string, id: string, who: string) {
    return (await this.ask(who, "GET", `datasets/${name}/records/${id}/annotations/me?workspace=team`)) as { gold: Record<string, unknown> | null };
  }
}

const FEELINGS = ["good", "bad", "mixed"];
const reviews = (count: number): Wire[] =>
  Array.from({ length: count }, (_, n) => ({ id: `r${String(n)}`, inputs: { text: `Oh great, delay number ${String(n)}. I could not be happier.` } }));

async function torn(team: Team, name: string) {
  await team.rita();
  await team.blind(name, "TextClassification", reviews(4), FEELINGS);
  await team.label(name, { r0: { ana: "good", ben: "bad" }, r1: { ana: "good", ben: "mixed" }, r2: { ana: "bad", ben: "bad" }, r3: { ana: "bad", ben: null } });
}

/** Pictures for people, where a folder for them is named. */
async function picture(page: Page, name: string) {
  const folder = process.env["APPORTION_PICTURES"];
  if (!folder) return;
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${folder}/${name}-${colorScheme}.png`, fullPage: true });
  }
}

test.describe("reviewers", () => {
  test("settle two conflicts by keyboard, and those corrected read why", async ({ page, server, signIn, request }) => {
    const team = new Team(request, server);
    await torn(team, "review-labels");
    await signIn("rita");
    await page.goto("/datasets/team/review-labels/review");
    await expect(page.getByText("1 of 3")).toBeVisible();
    await expect(page.getByText("delay number 0")).toBeVisible();
    await expect(page.getByRole("article", { name: "Answer of A" })).toBeVisible();
    await expect(page.locator("main")).not.toContainText(/\b(ana|ben)\b/);
    await picture(page, "review-labels");
    await expectAccessible(page);

    const bad = page.getByRole("article").filter({ hasText: "bad" });
    const key = (await bad.getAttribute("aria-label")) === "Answer of A" ? "1" : "2";
    await page.keyboard.press(key);
    await expect(bad.getByRole("button", { pressed: true })).toHaveText(/Chosen/);
    await page.keyboard.press("r");
    await page.keyboard.type("irony");
    await page.keyboard.press("Enter");
    await expect(page.getByText("2 of 3")).toBeVisible();

    await page.keyboard.press("e");
    await page.keyboard.press("3");
    await page.keyboard.press("r");
    await page.keyboard.press("Alt+1");
    await expect(page.getByRole("textbox", { name: "Reason" })).toHaveValue("irony");
    await page.keyboard.press("Enter");
    await expect(page.getByText("3 of 3")).toBeVisible();

    expect((await team.mine("review-labels", "r0", "ana")).gold).toMatchObject({ value: { labels: [{ class: "bad" }] }, reason: "irony", author: "rita" });
    expect((await team.mine("review-labels", "r1", "ben")).gold).toMatchObject({ value: { labels: [{ class: "mixed" }] }, reason: "irony" });

    await page.keyboard.press("d");
    await expect(page.getByText("That was the last conflict")).toBeVisible();
    expect(await server.status("review-labels", "r3")).toBe("Discarded");
    await page.getByText("Resolved", { exact: true }).click();
    await expect(page.getByRole("row")).toHaveCount(5);
    await expect(page.getByRole("row").filter({ hasText: "delay number 0" })).toContainText("irony");
    await expect(page.getByRole("row").filter({ hasText: "delay number 2" })).toContainText("majority");
    await picture(page, "review-settled");
    await expectAccessible(page);
  });

  test("have keys of their own from the first record on, however late these come", async ({ page, server, signIn, request }) => {
    const team = new Team(request, server);
    await torn(team, "review-late-keys");
    await page.route("**/api/me/preferences*", async (route) => {
      await new Promise((done) => setTimeout(done, 1500));
      await route.fulfill({ json: { keys: { next: ["d"], discard: ["b"] } } });
    });
    await signIn("rita");
    await page.goto("/datasets/team/review-late-keys/review");
    await expect(page.getByText("1 of 3")).toBeVisible();
    await page.keyboard.press("d"); // makes the record unusable for whoever has chosen nothing
    await expect(page.getByText("2 of 3")).toBeVisible();
    for (const id of ["r0", "r1", "r3"]) expect(await team.mine("review-late-keys", id, "ana")).toMatchObject({ gold: null });
  });

  test("see names only when they ask, take a decision back, and are not overrun by another reviewer", async ({ page, server, signIn, request }) => {
    const team = new Team(request, server);
    await torn(team, "review-back");
    await signIn("rita");
    await page.goto("/datasets/team/review-back/review");
    await expect(page.getByText("1 of 3")).toBeVisible();
    await page.keyboard.press("w");
    await expect(page.getByRole("article", { name: "Answer of ana" })).toBeVisible();
    await page.keyboard.press("1");
    await page.keyboard.press("Enter");
    await expect(page.getByText("2 of 3")).toBeVisible();
    await expect(page.getByRole("article", { name: "Answer of A" })).toBeVisible();
    expect(await server.status("review-back", "r0")).toBe("Validated");

    await page.keyboard.press("u");
    await expect(page.getByText("1 of 3")).toBeVisible();
    await expect(page.getByText("Undone")).toBeVisible();
    expect((await team.mine("review-back", "r0", "ana")).gold).toBeNull();

    const decided = { value: { labels: [{ class: "mixed" }] }, state: "submitted", reason: "both", version: 0 };
    await team.ask("admin", "PUT", "datasets/review-back/records/r0/gold?workspace=team", decided);
    await page.keyboard.press("2");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("alert")).toContainText("admin resolved this record at the same time: mixed (“both”)");
    await expectAccessible(page);
    await page.getByRole("button", { name: "Use my answer" }).click();
    await expect(page.getByText("2 of 3")).toBeVisible();
    expect((await team.mine("review-back", "r0", "ana")).gold).toMatchObject({ author: "rita", version: 2 });
    await page.keyboard.press("u");
    await expect(page.getByText("Resolved by you")).toBeVisible();
    expect((await team.mine("review-back", "r0", "ana")).gold).toMatchObject({ value: decided.value, reason: "both" });
  });

  test("take back one decision after the other, as quickly as they press U", async ({ page, server, signIn, request }) => {
    const team = new Team(request, server);
    await torn(team, "review-quick");
    const golds = () => Promise.all(["r0", "r1", "r3"].map(async (id) => (await team.mine("review-quick", id, "ana")).gold));
    await signIn("rita");
    await page.goto("/datasets/team/review-quick/review");
    await expect(page.getByText("1 of 3")).toBeVisible();
    await page.keyboard.press("1");
    await page.keyboard.press("Enter");
    await expect(page.getByText("2 of 3")).toBeVisible();
    const arrived: (() => void)[] = [];
    await page.route(/\/gold/, async (route) => {
      await new Promise<void>((resolve) => arrived.push(resolve));
      await route.continue();
    });
    await page.keyboard.press("2");
    await expect(page.getByRole("article", { name: "Answer of B" }).getByRole("button", { pressed: true })).toBeVisible();
    await page.evaluate(() => { // save, and take back what is being saved, before the page shows that it is
      for (const key of ["Enter", "u"]) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    });
    await expect.poll(() => arrived.length).toBe(1);
    arrived[0]?.();
    await expect.poll(() => arrived.length).toBe(2);
    await page.keyboard.press("u"); // the first
    arrived[1]?.();
    await expect.poll(() => arrived.length).toBe(3);
    arrived[2]?.();
    await expect.poll(golds).toEqual([null, null, null]);
    await expect(page.getByText("1 of 3")).toBeVisible();
  });

  test("who goes on before a decision has arrived takes back that one, stays where they went, and reads what failed", async ({ page, server, signIn, request }) => {
    const team = new Team(request, server);
    await torn(team, "review-hasty");
    const gold = async (id: string) => (await team.mine("review-hasty", id, "ana")).gold;
    await signIn("rita");
    await page.goto("/datasets/team/review-hasty/review");
    await expect(page.getByText("1 of 3")).toBeVisible();
    await page.keyboard.press("1");
    await page.keyboard.press("Enter");
    await expect(page.getByText("2 of 3")).toBeVisible();
    const replies: ((ok: boolean) => void)[] = [];
    await page.route(/\/gold/, async (route) => {
      if (await new Promise<boolean>((reply) => replies.push(reply))) await route.continue();
      else await route.fulfill({ status: 500, json: {} });
    });
    await page.keyboard.press("1");
    await page.keyboard.press("Enter");
    await expect.poll(() => replies.length).toBe(1);
    await page.keyboard.press("p"); // before it has arrived: back to the first, which is decided
    await expect(page.getByText("Resolved by you")).toBeVisible();
    await page.keyboard.press("u");
    replies[0]?.(true);
    await expect.poll(() => replies.length).toBe(2); // what takes it back
    replies[1]?.(true);
    await expect(page.getByText("Undone")).toBeVisible();
    await expect(page.getByText("2 of 3")).toBeVisible();
    expect(await gold("r1")).toBeNull();
    expect(await gold("r0")).not.toBeNull();

    await page.keyboard.press("1");
    await page.keyboard.press("Enter");
    await expect.poll(() => replies.length).toBe(3);
    await page.keyboard.press("n");
    await expect(page.getByText("3 of 3")).toBeVisible();
    await page.keyboard.press("p"); // while it is still on its way
    await expect(page.getByText("2 of 3")).toBeVisible();
    await page.keyboard.press("Enter");
    await expect(page.getByText("Your decision on this record is still being saved")).toBeVisible();
    await page.keyboard.press("n");
    await expect(page.getByText("3 of 3")).toBeVisible();
    replies[2]?.(false);
    await expect(page.getByText(/^Record r1 was not resolved; your choice is kept there/)).toBeVisible();
    await expect(page.getByText("3 of 3")).toBeVisible();
    await page.keyboard.press("p");
    await expect(page.getByRole("article", { name: "Answer of A" }).getByRole("button", { pressed: true })).toBeVisible();

    await page.keyboard.press("Enter");
    await expect.poll(() => replies.length).toBe(4);
    await page.keyboard.press("n");
    await expect(page.getByText("3 of 3")).toBeVisible();
    await page.keyboard.press("p");
    await expect(page.getByText("2 of 3")).toBeVisible();
    await page.keyboard.press("Enter");
    await expect(page.getByText("Your decision on this record is still being saved")).toBeVisible();
    replies[3]?.(false); // one is back where it was sent from
    await expect(page.getByText(/^Record r1 was not resolved; your choice is kept there/)).toBeVisible();
  });

  test("see where spans differ, in the text and in words, and mend one", async ({ page, server, signIn, request }) => {
    const team = new Team(request, server);
    await team.rita();
    const text = "😀 Ada Lovelace met Charles in London.";
    const tokens = ["😀", "Ada", "Lovelace", "met", "Charles", "in", "London", "."];
    await team.blind("review-spans", "TokenClassification", [{ id: "s0", text, tokens }], ["PER", "LOC", "ORG"]);
    const charles = { start: 19, end: 26, label: "PER" };
    await team.answer("review-spans", "s0", "ana", { entities: [{ start: 2, end: 14, label: "PER" }, charles, { start: 30, end: 36, label: "LOC" }] });
    await team.answer("review-spans", "s0", "ben", { entities: [{ start: 2, end: 5, label: "PER" }, charles, { start: 30, end: 36, label: "ORG" }] });
    await signIn("rita");
    await page.goto("/datasets/team/review-spans/review");
    const anas = page.getByRole("article").filter({ hasText: "“Ada Lovelace” PER;" });
    await expect(anas.getByRole("list", { name: "Differences from the others" })).toContainText("has “Ada” PER");
    await expect(anas).toContainText(/“London” LOC; [AB] has ORG/);
    await expect(anas).not.toContainText("“Charles”");
    await expect(anas.locator("[data-different]")).toHaveCount(2);
    await anas.getByRole("button", { name: /Use this/ }).click();
    await picture(page, "review-spans");
    await expectAccessible(page);

    await page.getByRole("button", { name: "Remove LOC from “London”" }).click();
    await page.keyboard.press("r");
    await page.keyboard.type("a place we leave out");
    await page.keyboard.press("Enter");
    await expect(page.getByText("That was the last conflict")).toBeVisible();
    const { gold } = await team.mine("review-spans", "s0", "ben");
    expect(gold).toMatchObject({ value: { entities: [{ start: 2, end: 14, label: "PER" }, charles] } });
  });

  test("see what changed from text to text, and answer what annotators said", async ({ page, server, signIn, request }) => {
    const team = new Team(request, server);
    await team.rita();
    await team.blind("review-texts", "Text2Text", [{ id: "x0", text: "Der schnelle Fuchs." }]);
    await team.answer("review-texts", "x0", "ana", { sentences: [{ text: "The quick fox." }] });
    await team.answer("review-texts", "x0", "ben", { sentences: [{ text: "The fast brown fox." }] });
    await team.ask("ana", "POST", "datasets/review-texts/records/x0/comments?workspace=team", { text: "Is quick right?" });
    await signIn("rita");
    await page.goto("/datasets/team/review-texts/review");
    await expect(page.locator("article ins")).not.toHaveCount(0);
    await expect(page.locator("article del")).not.toHaveCount(0);
    await expect(page.getByText("Is quick right?")).toBeVisible();
    await expect(page.locator("main")).not.toContainText(/\b(ana|ben)\b/);
    await page.keyboard.press("m");
    await page.keyboard.type("Yes, it is.");
    await picture(page, "review-texts");
    await expectAccessible(page);
    await page.keyboard.press("Enter");
    await expect(page.getByText("Yes, it is.")).toBeVisible();
    const found = await team.ask("ana", "GET", "datasets/review-texts/records/x0/comments?workspace=team");
    expect(found["comments"]).toMatchObject([{ author: "ana" }, { author: "rita", to: "ana", text: "Yes, it is." }]);

    await page.keyboard.press("Escape");
    await page.keyboard.press("1");
    await page.keyboard.press("e");
    await page.keyboard.press("End");
    await page.keyboard.type(" Indeed.");
    await page.keyboard.press("Control+Enter");
    await expect(page.getByText("That was the last conflict")).toBeVisible();
    expect((await team.mine("review-texts", "x0", "ana")).gold).toMatchObject({ value: { sentences: [{ text: /fox\. Indeed\.$/ }] } });
  });

  test("find a decision half made as they left it, after going on and after a reload, and label by keys of their own", async ({ page, server, signIn, request }) => {
    const team = new Team(request, server);
    await team.rita();
    const text = "Ada Lovelace met Charles in London.";
    const tokens = ["Ada", "Lovelace", "met", "Charles", "in", "London", "."];
    const labels = Array.from({ length: 12 }, (_, n) => `L${String(n + 1)}`);
    await team.blind("review-half", "TokenClassification", ["h0", "h1"].map((id) => ({ id, text, tokens })), labels);
    for (const id of ["h0", "h1"]) {
      await team.answer("review-half", id, "ana", { entities: [{ start: 0, end: 12, label: "L1" }] });
      await team.answer("review-half", id, "ben", { entities: [{ start: 0, end: 3, label: "L1" }] });
    }
    await signIn("rita");
    await page.goto("/my-work");
    const like = (chosen: object) => page.evaluate(async (body) => {
      const headers = { "X-Apportion": "rita", "Content-Type": "application/json" };
      return (await fetch("/api/me/preferences", { method: "PUT", headers, body })).status;
    }, JSON.stringify(chosen));
    expect(await like({ keys: { next: ["j"] } })).toBe(200);
    await page.goto("/datasets/team/review-half/review");
    await expect(page.getByText("1 of 2")).toBeVisible();
    const marked = page.getByRole("region", { name: "Final value" }).getByRole("list", { name: "Marked spans" }).getByRole("listitem");
    const reason = page.getByRole("textbox", { name: "Reason" });
    await page.keyboard.press("1");
    await expect(marked).toHaveCount(1);
    await page.keyboard.press("e");
    const twelfth = page.getByRole("group", { name: "Labels" }).getByRole("button", { name: /^L12/ });
    const key = (await twelfth.locator("kbd").textContent()) ?? "";
    await expect(page.getByRole("textbox", { name: "Text" })).toBeFocused();
    for (let word = 0; word < 4; word++) await page.keyboard.press("ArrowRight");
    await page.keyboard.press(key.toLowerCase()); // Charles
    await expect(marked).toHaveCount(2);
    await expect(marked.last()).toContainText("L12");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await reason.fill("a whole name");
    await picture(page, "review-half");
    await expectAccessible(page);

    await reason.press("Escape");
    await page.keyboard.press("j");
    await expect(page.getByText("2 of 2")).toBeVisible();
    await expect(reason).toHaveValue("");
    await page.keyboard.press("p");
    await expect(marked).toHaveCount(2);
    await expect(reason).toHaveValue("a whole name");
    await page.reload();
    await expect(marked).toHaveCount(2);
    await expect(reason).toHaveValue("a whole name");
    await page.keyboard.press("Enter");
    await expect(page.getByText("2 of 2")).toBeVisible();
    expect((await team.mine("review-half", "h0", "ana")).gold).toMatchObject({ reason: "a whole name", author: "rita" });
    await page.keyboard.press("p");
    await expect(page.getByText("Resolved by you")).toBeVisible();
    await like({});
  });

  test("accept at once what people agree on, and take it back", async ({ page, server, signIn, request }) => {
    const team = new Team(request, server);
    await torn(team, "review-bulk");
    test.skip(!(await team.measures("review-bulk")), "this server settles nothing in bulk");
    await signIn("rita");
    await page.goto("/datasets/team/review-bulk/review?show=settled");
    await page.getByRole("button", { name: "Accept all agreed" }).click();
    await picture(page, "review-accept");
    await expectAccessible(page);
    await page.getByRole("button", { name: "Accept", exact: true }).click();
    await expect(page.getByText("1 record resolved.")).toBeVisible();
    expect((await team.everyones("review-bulk", "r2")).gold).toMatchObject({ value: { labels: [{ class: "bad" }] } });
    await page.getByRole("dialog").getByRole("button", { name: "Undo" }).click();
    await expect(page.getByText("Undone on 1 record.")).toBeVisible();
    expect((await team.everyones("review-bulk", "r2")).gold).toBeNull();
  });

  test("see how alike people answer, and every number opens its records", async ({ page, server, signIn, request }) => {
    const team = new Team(request, server);
    await team.rita();
    await team.blind("agreeing", "TextClassification", reviews(12), FEELINGS);
    const given = (n: number, off: number) => FEELINGS[(n + (n % 4 === off ? 1 : 0)) % 3] ?? "";
    await team.label("agreeing", Object.fromEntries(Array.from({ length: 12 }, (_, n) => [`r${String(n)}`, { ana: given(n, 9), ben: given(n, 0) }])));
    await signIn("rita");
    await page.goto("/datasets/team/agreeing");
    await page.getByRole("link", { name: "Agreement" }).click();
    if (!(await team.measures("agreeing"))) {
      await expect(page.getByText("This server doesn’t measure agreement")).toBeVisible();
      await expectAccessible(page);
      return;
    }
    await expect(page.getByRole("region", { name: "Overall" })).toContainText(/Krippendorff’s α is 0\.\d\d \(95% interval −?0\.\d\d to 0\.\d\d\), measured on 12 records that two or more of 2 people answered/);
    await expect(page.getByRole("region", { name: "Overall" }).getByRole("alert")).toContainText(/Caution: only \d of the shared records have another label than the most frequent one/);
    await expect(page.getByRole("region", { name: "By label" }).getByRole("row")).toHaveCount(4);
    await expect(page.getByRole("region", { name: "By label" }).getByRole("img", { name: /^Caution/ })).toHaveCount(3);
    await picture(page, "agreement");
    await expectAccessible(page);
    await page.getByRole("combobox", { name: "Measure" }).click();
    await page.getByRole("option", { name: "Percent agreement" }).click();
    await expect(page.getByRole("region", { name: "Overall" })).toContainText("Percent agreement is 75%");
    await expect(page).toHaveURL(/measure=percent/);
    await page.getByRole("region", { name: "Each pair of people" }).getByRole("link").click();
    await expect(page).toHaveURL(/compared%3Aana/);
    await expect(page.getByText("12 records")).toBeVisible();
  });

  test("are told when there are not enough shared records", async ({ page, server, signIn, request }) => {
    const team = new Team(request, server);
    await team.rita();
    await team.blind("lonely", "TextClassification", reviews(3), FEELINGS);
    test.skip(!(await team.measures("lonely")), "this server does not measure agreement");
    await team.label("lonely", { r0: { ana: "good", ben: "bad" }, r1: { ana: "good" } });
    await signIn("rita");
    await page.goto("/datasets/team/lonely/agreement");
    await expect(page.getByRole("region", { name: "Overall" })).toContainText("not enough shared records");
    await expectAccessible(page);
  });

  test("annotators are told that the page is not for them, and nothing is asked on their behalf", async ({ page, server, signIn, request }) => {
    const team = new Team(request, server);
    await torn(team, "review-closed");
    await signIn("ana");
    const asked: string[] = [];
    page.on("request", (each) => { if (each.url().includes("/api/datasets")) asked.push(each.url()); });
    await page.goto("/datasets/team/review-closed/review");
    await expect(page.getByRole("alert")).toContainText("You don’t have access to this page");
    await expectAccessible(page);
    await page.goto("/datasets/team/review-closed/agreement");
    await expect(page.getByRole("alert")).toContainText("You don’t have access to this page");
    expect(asked).toEqual([]);
    await page.goto("/datasets/team/review-closed");
    await expect(page.getByText("1 of 4")).toBeVisible();
    await expect(page.getByRole("navigation", { name: "Pages of this dataset" })).toHaveCount(0);
  });
});
