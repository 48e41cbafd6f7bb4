/** Rules: written by keyboard, measured as one types, corrected where they are wrong, and what they leave open shared out. */

import { expect, expectAccessible, type Server, test, TOPICS, topics, type Wire } from "./journey";

const LABELS = ["spam", "ham"];
const TEXTS = [
  ["free money for you", "spam"], ["free call tonight", "ham"], ["call me later", "ham"], ["nothing new", "ham"], ["money now", ""],
  ["free free free", ""], ["see you later", ""], ["lunch", ""],
] as const;

function mails(): Wire[] {
  return TEXTS.map(([text, label], n) => ({
    id: `m${String(n)}`,
    inputs: { text },
    ...(label ? { annotation: { agent: "admin", labels: [{ class: label }] } } : {}),
  }));
}

async function rule(server: Server, as: string, name: string, query: string, label: string) {
  await server.ask(as, "POST", `${name}/TextClassification/labeling/rules`, { query, label });
}

test("a manager writes a rule by keyboard, sees what it does, mends it, and undoes that", async ({ page, server, signIn }) => {
  await server.log("mail", "TextClassification", mails(), { labels: LABELS });
  await signIn("admin");
  await page.goto("/datasets/team/mail");
  await page.getByRole("navigation", { name: "Dataset" }).getByRole("link", { name: "Rules" }).click();
  await expect(page.getByRole("heading", { name: "No rules yet" })).toBeVisible();
  await expectAccessible(page);

  const query = page.getByRole("textbox", { name: "Records that match" });
  await expect(query).toBeFocused();
  await page.keyboard.type("fre");
  const figures = page.getByLabel("Figures of this rule");
  await expect(figures).toContainText("Match0");
  await page.keyboard.type("e");
  await expect(figures).toContainText("Match3");
  await expect(figures).toContainText("2 of 4");
  await expect(page.getByRole("region", { name: "Examples" }).getByRole("listitem")).toHaveCount(3);
  await page.keyboard.press("Enter"); // to the labels
  await page.keyboard.press("1");
  await expect(page.getByRole("button", { name: "spam" })).toHaveAttribute("aria-pressed", "true");
  await expect(figures).toContainText("Right1");
  await expect(figures).toContainText("Wrong1");
  await expect(figures).toContainText("50%");
  await expectAccessible(page);
  await page.keyboard.press("Enter");
  const row = page.getByRole("row", { name: /free/ });
  await expect(row).toContainText("you");
  await expect(query).toBeFocused();
  await expect(query).toHaveValue("");

  await page.keyboard.type("call");
  await page.keyboard.press("Enter");
  await page.keyboard.press("2");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("row", { name: /call/ })).toContainText("ham");
  await expect(row).toContainText("1 Records on which rule free disagrees with another one");
  await expectAccessible(page);

  await row.getByRole("link", { name: "gets wrong" }).click();
  await expect(page.getByRole("article")).toHaveCount(1);
  await expect(page.getByRole("article")).toContainText("free call tonight");
  await page.goBack();

  await row.getByRole("button", { name: "free", exact: true }).click();
  await expect(query).toHaveValue("free");
  await page.keyboard.press("Enter"); // is stored just so: nothing to do
  await page.getByRole("group", { name: "get the label" }).getByRole("button", { name: "ham" }).click();
  await page.getByRole("button", { name: "Save change" }).click();
  await expect(row).toContainText("ham");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(row).toContainText("spam");
  await page.getByRole("button", { name: "Delete rule free" }).click();
  await expect(row).toBeHidden();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(row).toBeVisible();

  await page.keyboard.press("/");
  await expect(query).toBeFocused();
  await page.keyboard.type("(money");
  await expect(page.getByRole("form", { name: "New rule" }).getByRole("alert")).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await expect(query).toHaveValue("");
});

test("what rules leave open or disagree on is shared out in two clicks", async ({ page, server, signIn, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await server.log("open", "TextClassification", mails(), { labels: LABELS });
  await rule(server, "admin", "open", "free OR money", "spam");
  await rule(server, "admin", "open", "call", "ham");
  await signIn("admin");
  await page.goto("/datasets/team/open/rules");
  const overall = page.getByRole("region", { name: "All rules together" });
  await expect(overall).toContainText("No rule matches 3");
  await expect(overall).toContainText("Rules disagree 1");
  await page.getByRole("region", { name: "Use the votes" }).getByRole("button", { name: "Copy the code" }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain(`rg.init(api_url="${new URL(page.url()).origin}", api_key="YOUR API KEY", workspace="team")`);
  expect(copied).toContain('weak = WeakLabels("open")');
  await overall.getByRole("link", { name: "Assign these: Rules disagree" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Assign 1 record" }).click();
  await expect(dialog).toBeHidden();
  await page.getByRole("navigation", { name: "Dataset" }).getByRole("link", { name: "Rules" }).click();
  await overall.getByRole("link", { name: "Assign these: No rule matches" }).click();
  await dialog.getByRole("button", { name: "Assign 3 records" }).click();
  await expect(dialog).toBeHidden();
  const found = await server.ask("admin", "POST", "open/TextClassification:search", { query: { query_text: "_exists_:assigned_to" } });
  expect((found["records"] as Wire[]).map((each) => each.id).sort()).toEqual(["m1", "m3", "m6", "m7"]);
});

test("annotators see who wrote which rule, and why they may not where they may not", async ({ page, server, signIn }) => {
  await server.log("ours", "TextClassification", mails(), { labels: LABELS });
  await rule(server, "admin", "ours", "free", "spam");
  await rule(server, "ben", "ours", "call", "ham");
  await signIn("ana");
  await page.goto("/datasets/team/ours");
  await page.getByRole("navigation", { name: "Dataset" }).getByRole("link", { name: "Rules" }).click();
  await expect(page.getByRole("row", { name: /free/ })).toContainText("admin");
  await expect(page.getByRole("row", { name: /call/ })).toContainText("ben");
  await page.getByRole("combobox", { name: "Author" }).click();
  await page.getByRole("option", { name: "ben" }).click();
  await expect(page.getByRole("row", { name: /free/ })).toBeHidden();
  await expect(page.getByRole("link", { name: /^Assign/ })).toHaveCount(0);

  await server.ask("admin", "PATCH", "ours/policies", { annotators_may: [] });
  await page.reload();
  await expect(page.getByRole("alert")).toContainText("annotators can’t write rules");
  await expect(page.getByRole("button", { name: "Delete rule call" })).toHaveCount(0);
  await expectAccessible(page);
  await page.getByRole("textbox", { name: "Records that match" }).fill("later");
  await page.getByRole("button", { name: "ham" }).click();
  await expect(page.getByLabel("Figures of this rule")).toContainText("Right1");
  await expect(page.getByRole("button", { name: "Save rule" })).toBeDisabled();
  await page.goto("/datasets/team/ours");
  await expect(page.getByRole("article")).toBeVisible();
  await expect(page.getByRole("link", { name: "Rules" })).toHaveCount(0);
});

test("a blind annotator's figures stay what they are, whatever others answer", async ({ page, server, signIn }) => {
  await server.log("alone", "TextClassification", topics(4), { labels: TOPICS });
  await server.ask("admin", "PATCH", "alone/policies", { annotation: "individual", blind: true });
  await rule(server, "admin", "alone", "number", "sport");
  await server.answer("ana", "alone", "t00", "sport");
  await signIn("ana");
  await page.goto("/datasets/team/alone/rules");
  const row = page.getByRole("row", { name: /number/ });
  const before = await row.textContent();
  expect(before).toContain("100%");
  for (const id of ["t00", "t01", "t02"]) await server.answer("ben", "alone", id, "politics");
  await page.reload();
  await expect(row).toHaveText(before ?? "");
});

test("addresses of 1.6 lead to the same records and rules", async ({ page, server, signIn }) => {
  await server.log("old", "TextClassification", mails(), { labels: LABELS });
  await signIn("admin");
  const query = Buffer.from(JSON.stringify({ text: "free", annotated_as: ["ham"] })).toString("base64url");
  await page.goto(`/ws/team/old?viewMode=annotate&query=${query}`);
  await expect(page.getByRole("article")).toHaveCount(1);
  await expect(page.getByRole("article")).toContainText("free call tonight");
  await page.goto(`/datasets/team/old?viewMode=labelling-rules&query=${query}`);
  await expect(page.getByRole("textbox", { name: "Records that match" })).toHaveValue("free");
  await page.goto("/datasets/team/old?q=later");
  await page.getByRole("link", { name: "Make a rule" }).click();
  await expect(page.getByRole("textbox", { name: "Records that match" })).toHaveValue("later");
  const packed = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const sort = packed([{ id: "id", key: "id", group: "Sort", name: "Id", order: "desc" }]);
  await page.goto(`/datasets/team/old?viewMode=explore&query=${packed({})}&sort=${sort}&pagination=${packed({ size: 1, page: 2, from: 1 })}`);
  await expect(page.getByRole("article")).toHaveCount(1);
  await expect(page.getByRole("article")).toContainText("see you later"); // m6, the second from the end
  await page.goto("/ws/team");
  await expect(page.getByRole("link", { name: "old", exact: true })).toBeVisible();
  await page.goto(`/datasets?tags=${packed([{ key: "lang", value: "none" }])}`);
  await expect(page.getByRole("heading", { name: "No matching datasets" })).toBeVisible();
});

test("a phone shows rules as cards, and says what is missing", async ({ page, server, signIn }) => {
  await page.setViewportSize({ width: 375, height: 740 });
  await server.log("small-screen", "TextClassification", mails(), { labels: LABELS });
  await rule(server, "admin", "small-screen", "free OR money", "spam");
  await rule(server, "admin", "small-screen", "call", "ham");
  await server.create("bare", "TextClassification");
  await server.create("tokens", "TokenClassification");
  await signIn("admin");
  await page.goto("/datasets/team/small-screen/rules?q=later&label=ham");
  await expect(page.getByLabel("Figures of this rule")).toContainText("Match2");
  await expect(page.getByRole("button", { name: "free OR money", exact: true })).toBeVisible();
  await expectAccessible(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
  await page.goto("/datasets/team/bare/rules");
  await expect(page.getByRole("link", { name: "Add labels in Settings" })).toBeVisible();
  await expectAccessible(page);
  await page.goto("/datasets/team/tokens/rules");
  await expect(page.getByRole("heading", { name: "Rules are for text classification" })).toBeVisible();
});

test("records are filtered by rules and by score, each with what there is of it", async ({ page, server, signIn }) => {
  const scored = mails().map((each, n) => ({ ...each, prediction: { agent: "m", labels: [{ class: "spam", score: 0.1 * n }] } }));
  await server.log("sifted", "TextClassification", scored, { labels: LABELS });
  await rule(server, "admin", "sifted", 'free OR "see you"', "spam");
  await rule(server, "admin", "sifted", "call", "ham");
  await signIn("ana");
  await page.goto("/datasets/team/sifted?view=list");
  const filters = page.getByRole("group", { name: "Filters" });
  await filters.getByRole("button", { name: "Rules" }).click();
  await page.getByRole("button", { name: "Covered" }).click();
  await expect(page.getByRole("checkbox", { name: /by no rule\s*3/ })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("checkbox", { name: /by rules that disagree\s*1/ }).check();
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await expect(page.getByRole("article")).toHaveCount(1);
  await expect(page.getByRole("article")).toContainText("free call tonight");
  await page.getByRole("button", { name: "Remove filter Covered" }).click();

  await filters.getByRole("button", { name: "Rules" }).click();
  await page.getByRole("button", { name: "Rule", exact: true }).click();
  await page.getByRole("checkbox", { name: /free OR "see you"\s*4/ }).check();
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await expect(page.getByRole("article")).toHaveCount(4);

  await filters.getByRole("button", { name: "Predictions" }).click();
  await page.getByRole("button", { name: "Score" }).click();
  await expect(page.getByRole("img", { name: "Scores from 0% to 62%" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("slider").first().focus();
  for (let n = 0; n < 15; n += 1) await page.keyboard.press("ArrowRight");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await expect(page.getByRole("article")).toHaveCount(2);
});

test("the details of a record say which rules match it, and of whom they are", async ({ page, server, signIn }) => {
  await server.log("told", "TextClassification", mails(), { labels: LABELS });
  await signIn("ana");
  await page.goto("/datasets/team/told?view=list");
  const details = page.getByRole("complementary", { name: "Details" });
  await page.getByRole("article", { name: "Record m1" }).click();
  const fold = details.getByRole("button", { name: "Rules that match" });
  await fold.click();
  await expect(details).toContainText("No rules yet");

  await rule(server, "admin", "told", "free OR money", "spam");
  await rule(server, "ben", "told", "call", "ham");
  await page.reload();
  await page.getByRole("article", { name: "Record m1" }).click();
  await fold.click();
  const rules = details.getByRole("list", { name: "Rules that match" }).getByRole("listitem");
  await expect(rules).toHaveText(["spamfree OR money by admin", "hamcall by ben"]);
  await expectAccessible(page);
  await page.getByRole("article", { name: "Record m2" }).click();
  await expect(rules).toHaveText(["hamcall by ben"]);
  await page.getByRole("article", { name: "Record m3" }).click();
  await expect(details).toContainText("No rule matches.");

  await page.route("**/api/me/preferences*", (route) => route.fulfill({ json: { hidePredictions: true } }));
  await page.reload();
  await page.getByRole("article", { name: "Record m2" }).click();
  await fold.click();
  await expect(details).toContainText("Predictions are hidden"); // a rule's label would sway one as much
  await page.keyboard.press("h");
  await rules.getByRole("link", { name: "call" }).click();
  await expect(page.getByRole("textbox", { name: "Records that match" })).toHaveValue("call");
  await expect(page.getByRole("button", { name: "ham" })).toHaveAttribute("aria-pressed", "true");
});

test("what cannot be a rule is refused with the reason, and nothing is stored", async ({ page, server, signIn }) => {
  await server.log("wrong", "TextClassification", mails(), { labels: LABELS });
  await signIn("admin");
  const query = page.getByRole("textbox", { name: "Records that match" });
  const form = page.getByRole("form", { name: "New rule" });
  await page.goto("/datasets/team/wrong/rules?q=free&label=eggs");
  await page.getByRole("button", { name: "Save rule" }).click();
  await expect(form.getByRole("alert")).toContainText("['eggs'] are not in the label schema");
  await page.goto("/datasets/team/wrong/rules?q=free&label=spam");
  await query.fill("free (money");
  await expect(form.getByRole("alert")).toContainText("At character 6");
  await expect(form.getByRole("alert").locator("mark")).toHaveText("(");
  await page.getByRole("button", { name: "Save rule" }).click();
  await expect(form.getByRole("alert").last()).toContainText("At character 6");

  const long = `${"free OR ".repeat(1_249)}freely`.padEnd(10_000, "y");
  await query.fill(`${long}zzz`);
  await expect(query).toHaveValue(long); // no longer than what is stored
  await expect(page.getByLabel("Figures of this rule")).toContainText("Match3");
  await page.getByRole("button", { name: "Save rule" }).click();
  await expect(page.getByRole("row", { name: /free OR free/ })).toBeVisible();
  await page.setViewportSize({ width: 375, height: 740 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
  await page.setViewportSize({ width: 1280, height: 800 });

  await server.ask("admin", "DELETE", "wrong/data", { query_text: "*" });
  await page.reload();
  await expect(page.getByRole("row", { name: /free OR free/ })).toBeVisible();
  await query.fill("free");
  await expect(page.getByLabel("Figures of this rule")).toContainText("Match0");
  await expectAccessible(page);
});
