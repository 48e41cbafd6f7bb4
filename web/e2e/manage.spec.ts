import type { Locator, Page, Request } from "@playwright/test";

import { expect, expectAccessible, test, TOPICS, topics, type Wire } from "./journey";
import { portOf, serve, type Serving } from "./serving";

const texts = (count: number): Wire[] => Array.from({ length: count }, (_, n) => ({ id: `r${String(n)}`, inputs: { text: `Sentence ${String(n)}.` } }));
const reviews = (count: number) =>
  ["id,review,stars", ...Array.from({ length: count }, (_, n) => `${String(n)},"Review number ${String(n)}, in a few words.",${String((n % 5) + 1)}`)].join("\n");
const file = (name: string, text: string) => ({ name, mimeType: "text/plain", buffer: Buffer.from(text) });

async function choose(page: Page, label: string | RegExp, option: string) {
  await page.getByRole("combobox", { name: label }).or(page.getByRole("textbox", { name: label })).first().click();
  await page.getByRole("option", { name: option, exact: true }).click();
}

test.describe("on an empty server", () => {
  let server: Serving | null = null;
  let code = "";
  test.use({ baseURL: `http://localhost:${String(portOf(1))}` });
  test.beforeAll(async () => {
    server = await serve(portOf(1), "empty");
    code = server.output;
  });
  test.afterAll(async () => { await server?.stop(); });

  test("the first day: a first administrator, a team of three, 300 records, 120 each, 60 of them shared by two, blind", async ({ page }) => {
    const began = Date.now();
    let looked = 0; // what axe takes is not the manager's time
    const accessible = async () => {
      const from = Date.now();
      await expectAccessible(page);
      looked += Date.now() - from;
    };
    await page.goto("/datasets");
    await expect(page.getByRole("heading", { name: "Set up this server" })).toBeVisible();
    await accessible();
    await page.getByLabel("Setup code").fill("guess");
    await page.getByLabel("Your name").fill("Max");
    await page.getByLabel("Username").fill("max");
    await page.getByRole("textbox", { name: "Password" }).fill("long enough");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("alert")).toContainText("This is not the setup code");
    await page.getByLabel("Setup code").fill(code);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Welcome, Max" })).toBeVisible();
    await accessible();
    await page.keyboard.press("Enter");

    // a team of three
    await expect(page.getByText("Three steps to get your team working.")).toBeVisible();
    await accessible();
    await page.getByRole("link", { name: "Add people" }).click();
    await expect(page.getByLabel("Usernames")).toBeFocused();
    await page.keyboard.type("ana ben cy");
    await page.keyboard.press("Enter");
    const once = page.getByRole("table", { name: "Save these now" });
    await expect(once.getByRole("row")).toHaveCount(4);
    const password = await once.getByRole("row", { name: /^ana/ }).locator("code").first().innerText();
    await accessible();
    await page.getByRole("button", { name: "I’ve saved them" }).click();
    await expect(page.getByRole("table", { name: "Users" }).getByRole("row")).toHaveCount(5);
    await accessible();

    // 300 records
    await page.getByRole("link", { name: "Team" }).click();
    await page.getByRole("link", { name: "New dataset" }).click();
    await page.getByLabel("File", { exact: true }).setInputFiles(file("Reviews.csv", reviews(300)));
    await expect(page.getByRole("textbox", { name: "Name", exact: true })).toHaveValue("reviews");
    await page.getByRole("combobox", { name: "Labels annotators choose from" }).or(page.getByRole("textbox", { name: "Labels annotators choose from" })).fill("good,bad,");
    await accessible();
    await page.getByRole("button", { name: "Import 300 records" }).click();
    await expect(page.getByRole("heading", { name: "300 records are in reviews" })).toBeVisible();
    await accessible();

    // shared out
    await page.getByRole("link", { name: "Assign records" }).click();
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByRole("radio", { name: "All records", exact: true })).toBeFocused();
    await dialog.getByRole("radio", { name: "Custom" }).press("Space");
    await dialog.getByLabel("People per record").fill("2");
    await dialog.getByLabel("Share of the records").fill("20");
    await expect(dialog.getByRole("checkbox", { name: "Blind" })).toBeChecked();
    await expect(dialog.getByText("300 records, 360 answers, +20% work, 60 shared, 0 unassigned")).toBeVisible();
    await dialog.getByRole("button", { name: "Assign 300 records" }).click();
    await expect(dialog).toBeHidden();
    const seconds = (Date.now() - began - looked) / 1000;
    process.stdout.write(`    from an empty server to 300 records shared out: ${seconds.toFixed(1)} s, without the checks of accessibility\n`);

    await page.getByRole("link", { name: "Team", exact: true }).first().click();
    await expect(page.getByRole("table", { name: "People" }).getByRole("row", { name: /ana/ })).toContainText("Not started");
    await expect(page.getByRole("region", { name: "Needs attention" })).toContainText("ana, ben, and cy have not started");
    await accessible();

    // and ana can begin
    await page.getByRole("button", { name: "Account of Max" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByLabel("Username").fill("ana");
    await page.getByRole("textbox", { name: "Password" }).fill(password);
    await page.keyboard.press("Enter");
    await expect(page.getByText("120 left in reviews")).toBeVisible();
    await page.goto("/setup"); // there is nothing to set up any more
    await expect(page.getByText("120 left in reviews")).toBeVisible();
  });
});

test("a file whose spans overlap and cut words: refused as it is, taken where both are allowed, and both can be changed later", async ({ page, signIn }) => {
  const spans = [[0, 9, "ORG"], [4, 6, "LOC"]].map(([start, end, label]) => ({ start, end, label }));
  const rows = ["a", "b"].map((id) => JSON.stringify({ id, text: "New Yorkers", tokens: ["New", "Yorkers"], prediction: { agent: "tagger", entities: spans } }));
  await signIn("admin");
  await page.goto("/datasets/new?workspace=team");
  await page.getByLabel("File", { exact: true }).setInputFiles(file("crossed.jsonl", rows.join("\n")));
  await choose(page, "Workspace", "team");
  await page.getByRole("button", { name: "Import 2 records" }).click();
  await expect(page.getByRole("alert")).toContainText("None of the rows can be imported. Nothing was stored.");
  await page.getByRole("switch", { name: "Spans may overlap" }).check({ force: true });
  await page.getByRole("switch", { name: "Spans may be parts of words" }).check({ force: true });
  await page.getByRole("button", { name: "Import 2 records" }).click();
  await expect(page.getByRole("heading", { name: "2 records are in crossed" })).toBeVisible();
  const settings = async () => (await (await page.request.get("/api/datasets/crossed/TokenClassification/settings?workspace=team")).json()) as Record<string, unknown>;
  expect(await settings()).toMatchObject({ allow_overlapping_spans: true, allow_character_spans: true });

  await page.goto("/datasets/team/crossed/settings");
  await expect(page.getByRole("switch", { name: "Spans may overlap" })).toBeChecked();
  await page.getByRole("switch", { name: "Spans may be parts of words" }).click({ force: true });
  await expect(page.getByRole("switch", { name: "Spans may be parts of words" })).not.toBeChecked();
  await expect.poll(settings).not.toHaveProperty("allow_character_spans", true);
  expect(await settings()).toMatchObject({ allow_overlapping_spans: true });
  await expectAccessible(page);
});

test("a file with bad rows: each is named, nothing is stored before one says so, and the rest comes in once", async ({ page, server, signIn }) => {
  await signIn("admin");
  await page.goto("/datasets/new?workspace=team");
  await page.getByLabel("File", { exact: true }).setInputFiles(file("notes.docx", "none"));
  await expect(page.getByRole("alert")).toContainText("notes.docx isn’t an");
  const lines = [{ key: "a", body: "One.", kind: "sport" }, { key: "b" }, { key: "a", body: "Again." }, { key: "c", body: "Three.", kind: "science" }].map((each) => JSON.stringify(each));
  await page.getByLabel("File", { exact: true }).setInputFiles(file("notes.jsonl", [...lines, "{broken"].join("\n")));
  await expect(page.getByText("5 rows in total; 1 can’t be read.")).toBeVisible();
  await choose(page, "Import key as", "ID");
  await choose(page, "Import kind as", "Answers");
  await choose(page, "Workspace", "team");
  await page.getByRole("combobox", { name: "Tags of the dataset" }).or(page.getByRole("textbox", { name: "Tags of the dataset" })).fill("lang: en");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Import 4 records, 2 as done" }).click();
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("3 rows can’t be imported; 2 can.");
  await expect(alert).toContainText("line 1 has the same ID, a");
  await expect(alert.getByRole("row")).toHaveCount(4);
  await expectAccessible(page);
  const missing = await page.request.get("/api/datasets/notes?workspace=team");
  expect(missing.status()).toBe(404); // nothing is stored yet
  await alert.getByRole("button", { name: "Import the other 2" }).click();
  await expect(page.getByRole("heading", { name: "2 records are in notes" })).toBeVisible();
  await expect(page.getByText("3 rows skipped.")).toBeVisible();
  expect(await server.record("notes", "c")).toMatchObject({ status: "Validated", annotation: { agent: "admin" } });

  await page.getByRole("link", { name: "Datasets", exact: true }).click();
  await expect(page.getByRole("row", { name: /notes/ })).toContainText("lang: en");
  await page.getByRole("button", { name: "Delete notes" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByRole("button", { name: "Delete dataset" })).toBeDisabled();
  await dialog.getByLabel("Type notes to confirm").fill("notes");
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("row", { name: /notes/ })).toHaveCount(0);

  await page.getByRole("button", { name: /Recently deleted/ }).click();
  await dialog.getByRole("button", { name: "Restore notes of team" }).click();
  await expect(dialog.getByText("notes is restored.")).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("row", { name: /notes/ })).toBeVisible();
});

test("settings: labels, guidelines with versions, policies with what they do, tags, close and open", async ({ page, server, signIn }) => {
  await server.log("settled", "TextClassification", topics(6), { labels: TOPICS, tags: { old: "1" } });
  await server.answer("ana", "settled", "t00", "sport").catch(() => undefined);
  await signIn("admin");
  await page.goto("/datasets/team/settled");
  await expect(page).toHaveURL(/record=/);
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  const part = (name: string) => page.getByRole("region", { name });

  const labels = part("Labels");
  await expect(labels.getByLabel("Name of label 1")).toHaveAttribute("readonly", "");
  await labels.getByLabel("Add a label").fill("arts");
  await page.keyboard.press("Enter");
  await labels.getByLabel("Colour of arts", { exact: true }).fill("#d9480f");
  await labels.getByLabel("Key of arts").fill("a");
  await labels.getByLabel("Meaning of arts").fill("Books and films");
  await labels.getByRole("button", { name: "Move arts up" }).click();
  await labels.getByRole("button", { name: "Save" }).click();
  await expect(labels.getByRole("status").filter({ hasText: "Labels saved" })).toBeVisible();
  const stored = await server.ask("admin", "GET", "settled/TextClassification/settings");
  expect(stored).toMatchObject({ label_schema: { labels: [{ name: "sport" }, { name: "politics" }, { name: "arts", colour: "#d9480f", shortcut: "a", description: "Books and films" }, { name: "science" }] } });

  const guidelines = part("Guidelines");
  await guidelines.getByLabel("Guidelines text").fill("# Sport\nGames of all kinds.");
  await guidelines.getByRole("button", { name: "Publish version 1" }).click();
  await expect(guidelines.getByText("Version 1 is published")).toBeVisible();
  await guidelines.getByLabel("Guidelines text").fill("# Sport\nGames of most kinds.");
  await server.ask("admin", "PUT", "settled/guidelines", { text: "# Sport\nAll games.", version: 1 });
  await guidelines.getByRole("button", { name: "Publish version 2" }).click();
  await expect(guidelines.getByRole("alert")).toContainText("Someone published version 2 while you were writing");
  await guidelines.getByRole("button", { name: "Changes", exact: true }).click();
  await expect(guidelines.locator("ins").first()).toBeVisible();
  await guidelines.getByRole("button", { name: "Publish version 3" }).click();
  await expect(guidelines.getByText("Version 3 is published")).toBeVisible();

  const policies = part("How answers count");
  await policies.getByRole("switch", { name: "Blind" }).press("Space");
  await expect(policies.getByText("Other people’s answers disappear from annotators’ screens immediately.")).toBeVisible();
  await expect(policies.getByRole("radio", { name: "One per person" })).toBeChecked();
  await policies.getByRole("radio", { name: "Unanimous" }).press("Space");
  await policies.getByLabel("Answers needed on records").fill("2");
  await expectAccessible(page);
  await policies.getByRole("button", { name: "Save" }).click();
  await expect.poll(async () => await server.ask("admin", "GET", "settled/policies")).toMatchObject({ annotation: "individual", blind: true, resolution: "unanimous", required: 2 });

  // back to one for each record: the others are named, and go only when one says so
  await server.answer("ben", "settled", "t01", "sport");
  await server.answer("cy", "settled", "t01", "politics");
  await policies.getByRole("radio", { name: "One per record" }).press("Space");
  await policies.getByRole("button", { name: "Save" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("Record t01 has annotations by several people");
  await dialog.getByRole("button", { name: "Keep one per record" }).click();
  await expect.poll(async () => await server.ask("admin", "GET", "settled/policies")).toMatchObject({ annotation: "shared", blind: false });

  const tags = part("Tags");
  await tags.getByRole("button", { name: "Delete tag old" }).click();
  await tags.getByRole("button", { name: "Add a tag" }).click();
  await tags.getByLabel("Key of tag 1").fill("lang");
  await tags.getByLabel("Value of tag 1").fill("eu");
  await tags.getByRole("button", { name: "Save" }).click();
  await expect.poll(async () => (await server.ask("admin", "GET", "settled"))["tags"]).toEqual({ lang: "eu" });

  const end = part("Close or delete");
  await end.getByRole("button", { name: "Close the dataset" }).click();
  await expect(end.getByText("This dataset is closed.")).toBeVisible();
  await end.getByRole("button", { name: "Reopen it" }).click();
  await expect(end.getByRole("button", { name: "Close the dataset" })).toBeVisible();

  await signIn("ana");
  await page.goto("/datasets/team/settled/settings");
  await expect(page.getByText("You don’t have access to this page")).toBeVisible();
});

test("what one changes in a form while it is being saved stays, and is saved next", async ({ page, server, signIn }) => {
  await server.log("meanwhile", "TextClassification", topics(3), { labels: TOPICS, tags: { old: "1" } });
  await signIn("admin");
  const isSave = (request: Request) => ["PATCH", "PUT"].includes(request.method());
  let gate = Promise.resolve();
  await page.route("**/api/datasets/meanwhile**", async (route) => {
    if (!isSave(route.request())) {
      await route.fallback();
      return;
    }
    const response = await route.fetch();
    await gate;
    await route.fulfill({ response });
  });
  await page.goto("/datasets/team/meanwhile/settings");

  async function saveTwice(name: string, button: RegExp, first: (part: Locator) => Promise<void>, second: (part: Locator) => Promise<void>, stands: (part: Locator) => Promise<void>) {
    const part = page.getByRole("region", { name });
    await first(part);
    let letGo: () => void = () => undefined;
    gate = new Promise((done) => { letGo = done; });
    const sent = page.waitForRequest(isSave);
    await part.getByRole("button", { name: button }).click();
    await sent;
    await second(part);
    letGo();
    await expect(part.getByRole("status").last()).toHaveText("Not saved yet");
    await stands(part);
    const again = page.waitForRequest(isSave); // the reply to the first may only come now
    await part.getByRole("button", { name: button }).click();
    await (await again).response();
  }

  await saveTwice(
    "Labels", /^Save$/,
    async (part) => { await part.getByLabel("Meaning of sport").fill("Games"); },
    async (part) => { await part.getByLabel("Meaning of science").fill("Research"); },
    async (part) => { await expect(part.getByLabel("Meaning of science")).toHaveValue("Research"); },
  );
  const labels = await server.ask("admin", "GET", "meanwhile/TextClassification/settings");
  expect(labels).toMatchObject({ label_schema: { labels: [{ description: "Games" }, {}, { description: "Research" }] } });

  await saveTwice(
    "Guidelines", /^Publish version/,
    async (part) => { await part.getByLabel("Guidelines text").fill("Games of all kinds."); },
    async (part) => { await part.getByLabel("Guidelines text").fill("Games of all kinds. And research."); },
    async (part) => { await expect(part.getByLabel("Guidelines text")).toHaveValue("Games of all kinds. And research."); },
  );
  expect(await server.ask("admin", "GET", "meanwhile/guidelines")).toMatchObject({ version: 2, text: "Games of all kinds. And research." });

  await saveTwice(
    "How answers count", /^Save$/,
    async (part) => { await part.getByRole("switch", { name: "Blind" }).press("Space"); },
    async (part) => {
      await part.getByRole("switch", { name: "Blind" }).press("Space"); // as it was before
      await part.getByRole("radio", { name: "Unanimous" }).press("Space");
    },
    async (part) => {
      await expect(part.getByRole("switch", { name: "Blind" })).not.toBeChecked();
      await expect(part.getByRole("radio", { name: "Unanimous" })).toBeChecked();
    },
  );
  expect(await server.ask("admin", "GET", "meanwhile/policies")).toMatchObject({ annotation: "individual", blind: false, resolution: "unanimous" });

  await saveTwice(
    "Tags", /^Save$/,
    async (part) => { await part.getByLabel("Value of tag 1").fill("2"); },
    async (part) => { await part.getByLabel("Value of tag 1").fill("1"); },
    async (part) => { await expect(part.getByLabel("Value of tag 1")).toHaveValue("1"); },
  );
  expect((await server.ask("admin", "GET", "meanwhile"))["tags"]).toEqual({ old: "1" });
});

test("of labels that two managers change at once, the changes of both are kept", async ({ page, server, signIn }) => {
  await server.log("shared", "TextClassification", topics(3), { labels: TOPICS });
  await signIn("admin");
  await page.goto("/datasets/team/shared/settings");
  const labels = page.getByRole("region", { name: "Labels" });
  await labels.getByLabel("Meaning of sport").fill("Games");
  const labelsOfOther = [{ name: "sport", colour: "#d9480f" }, { name: "politics" }, { name: "science" }, { name: "arts" }];
  await server.ask("admin", "PATCH", "shared/TextClassification/settings", { label_schema: { labels: labelsOfOther } });
  await labels.getByRole("button", { name: "Save" }).click();
  await expect(labels.getByRole("status").filter({ hasText: "Labels saved" })).toBeVisible();
  await expect(labels.getByLabel("Name of label 4")).toHaveValue("arts");
  const stored = await server.ask("admin", "GET", "shared/TextClassification/settings");
  expect(stored).toMatchObject({ label_schema: { labels: [{ colour: "#d9480f", description: "Games" }, {}, {}, { name: "arts" }] } });
});

test("people: members of a workspace, a new password and key, somebody leaves with work open and comes back", async ({ page, server, signIn, request }) => {
  const admin = { headers: { "X-Argilla-Api-Key": "admin.apikey" } };
  await request.post("/api/users:create_many", { ...admin, data: { users: [{ username: "dora", first_name: "Dora", password: "long enough" }], workspace: "team" } });
  await server.log("leaves", "TextClassification", texts(8), { labels: TOPICS });
  await server.assign("leaves", { users: ["dora", "ana"] });
  await signIn("admin");
  await page.goto("/people");
  const act = async (name: string, what: RegExp) => {
    await page.getByRole("button", { name: `Actions for ${name}` }).click();
    await page.getByRole("menuitem", { name: what }).click();
  };
  const dialog = page.getByRole("dialog");
  await expect(page.getByRole("row", { name: /^ana/ })).toContainText("team · Annotator");
  await act("dora", /New password/);
  await dialog.getByRole("button", { name: "Create" }).click();
  const password = await dialog.locator("code").first().innerText();
  expect((await request.post("/api/session", { headers: { "X-Apportion": "1" }, data: { username: "dora", password } })).status()).toBe(200);
  await dialog.getByRole("button", { name: "I’ve saved them" }).click();

  await act("dora", /Deactivate/);
  await expect(dialog.getByRole("link", { name: "4 records in leaves" })).toBeVisible();
  await expectAccessible(page);
  await dialog.getByRole("button", { name: "Deactivate" }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("row", { name: /dora/ })).toContainText("Deactivated");
  await page.getByRole("link", { name: "Team", exact: true }).click();
  await expect(page.getByText("dora still has 4 records but can no longer sign in here")).toBeVisible();
  await expectAccessible(page);

  await page.goto("/people");
  await act("dora", /Restore/);
  await dialog.getByRole("button", { name: "Restore" }).click();
  await expect(dialog.getByText("Save these now")).toBeVisible();
  await dialog.getByRole("button", { name: "I’ve saved them" }).click();
  await page.getByRole("tab", { name: "Workspaces" }).click();
  await choose(page, "Workspace", "team");
  await choose(page, "Role of ben", "Manager");
  await expect.poll(async () => (await (await request.get("/api/me", { headers: { "X-Argilla-Api-Key": "ben.apikey" } })).json() as { memberships: unknown[] }).memberships).toContainEqual({ workspace: "team", role: "manager" });
  await expectAccessible(page);

  // ben looks after the workspace, and nothing else
  await signIn("ben");
  await page.goto("/user-settings");
  await expect(page.getByText("team · Manager")).toBeVisible();
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Team", level: 1 })).toBeVisible();
  await page.getByRole("link", { name: "People" }).click();
  await expect(page.getByRole("tab")).toHaveCount(0);
  await page.getByRole("button", { name: "Remove dora from team" }).click();
  await dialog.getByRole("button", { name: "Remove" }).click();
  await expect(page.getByRole("row", { name: /dora/ })).toHaveCount(0);
  await page.getByLabel("Add to the workspace").fill("nobody");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("nobody");
  await request.patch("/api/workspaces/team/members/ben", { ...admin, data: { role: "annotator" } });
});

test("records somebody left open are taken back in one click, and late ones are kept", async ({ page, server, signIn, request }) => {
  await server.log("lying", "TextClassification", texts(4), { labels: TOPICS });
  await server.assign("lying", { users: ["ana", "cy"], mode: "pull", lease: 480 });
  const claimed = await request.post("/api/datasets/lying/queue:claim?workspace=team", { headers: { "X-Argilla-Api-Key": "cy.apikey" }, data: { limit: 2 } });
  const { records } = (await claimed.json()) as { records: { id: string }[] };
  await signIn("admin");
  // ten minutes later: a screen that is there renews its leases every minute
  await page.clock.install({ time: Date.now() + 10 * 60_000 });
  await page.goto("/");
  const take = page.getByRole("button", { name: "Release the records of lying that cy left open" });
  await expect(take).toBeVisible();
  await expectAccessible(page);
  await take.click();
  await expect(page.getByText("2 records of cy released. Drafts stay with cy.")).toBeVisible();
  await expect(take).toHaveCount(0);
  const late = await server.answer("cy", "lying", records[0]?.id ?? "", "sport");
  expect(late).toMatchObject({ state: "submitted" });
});
