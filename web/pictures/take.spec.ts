/** One picture after another, in the order in which the pages about each role show them. */

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

import { type Page } from "@playwright/test";

import { expect, test as journey } from "../e2e/journey";
import { port } from "../playwright.pictures.config";

/** The demo instead of the journeys' servers, with its password. */
const test = journey.extend<object, { served: string }>({
  served: [async ({}, provide) => { await provide(`http://localhost:${String(port)}`); }, { scope: "worker" }],
  signIn: async ({ page }, provide) => {
    await provide(async (username) => {
      const reply = await page.request.post("/api/session", { headers: { "X-Apportion": "1" }, data: { username, password: "12345678" } });
      expect(reply.status()).toBe(200);
    });
  },
});

const TOPICS = "/datasets/recognai/python-docs-topics";
const ENTITIES = "/datasets/admin/python-docs-entities";

async function take(page: Page, name: string, more: { height?: number } = {}) {
  await page.setViewportSize({ width: 1200, height: more.height ?? 675 });
  await page.waitForLoadState("networkidle");
  await page.evaluate(async () => {
    await document.fonts.ready;
    const ending = document.getAnimations().filter((each) => each.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((each) => each.finished));
  });
  await page.screenshot({ path: `../docs/images/${name}.png`, caret: "initial" });
}

test("an annotator's", async ({ page, signIn }) => {
  await signIn("ana");
  await page.goto("/my-work");
  await expect(page.getByText(/78 left/)).toBeVisible();
  await take(page, "my-work", { height: 300 });
  await page.getByRole("link", { name: /continue/i }).click();
  await expect(page.getByRole("button", { name: /discard/i })).toBeVisible();
  await take(page, "annotate-topics");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await take(page, "keys");
});

test("a manager's", async ({ page, signIn }) => {
  await signIn("admin");
  await page.goto("/team");
  await expect(page.getByRole("heading", { name: "Needs attention" })).toBeVisible();
  await take(page, "teams", { height: 560 });
  await page.goto("/datasets");
  await expect(page.getByText("python-docs-entities").first()).toBeVisible();
  await take(page, "datasets", { height: 400 });
  await page.goto(`${TOPICS}/team`);
  await expect(page.getByText("ana").first()).toBeVisible();
  await take(page, "team");
  const copy = { name: "python-docs-shared", target_workspace: "recognai" };
  const copied = await page.request.put("/api/datasets/python-docs-entities:copy?workspace=admin", { headers: { "X-Argilla-Api-Key": "admin.apikey" }, data: copy });
  expect(copied.status(), await copied.text()).toBe(200);
  await page.goto("/datasets/recognai/python-docs-shared/team?assign=1");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.getByRole("radio", { name: /20% overlap/i }).click();
  await expect(page.getByText(/unassigned/i).first()).toBeVisible();
  await take(page, "assign");
  await page.goto("/datasets/new");
  const sentences = ["id,review,stars", "1,Good value and quick.,5", "2,It broke on the second day.,1", "3,Does what it says.,4"].join("\n");
  await page.getByLabel("File", { exact: true }).setInputFiles({ name: "Reviews.csv", mimeType: "text/csv", buffer: Buffer.from(sentences) });
  await expect(page.getByRole("table", { name: "Columns" })).toBeVisible();
  await take(page, "new-dataset", { height: 900 });
  await page.goto(`${TOPICS}/settings`);
  await expect(page.getByRole("heading", { name: "Guidelines" })).toBeVisible();
  await take(page, "settings");
  await page.goto("/people");
  await expect(page.getByRole("table", { name: "Users" })).toBeVisible();
  await take(page, "people", { height: 440 });
});

test("a reviewer's", async ({ page, signIn }) => {
  await signIn("admin");
  await page.goto(`${TOPICS}/review`);
  await take(page, "review");
  await page.goto(`${TOPICS}/agreement`);
  await take(page, "agreement", { height: 800 });
});

test("spans", async ({ page, signIn }) => {
  await signIn("admin");
  await page.goto(`${ENTITIES}?q=${encodeURIComponent("__init__ TypeError")}`);
  await take(page, "annotate-entities");
});

/** Runs the Python of a how-to page, as far as a heading, as its reader would. */
function follow(name: string, until: string) {
  const text = readFileSync(`../docs/how-to/${name}.md`, "utf8");
  const part = text.slice(0, text.indexOf(`## ${until}`));
  const code = [...part.matchAll(/^```python\n(.*?)^```/gms)].map((each) => each[1] ?? "").join("\n");
  const python = process.env["APPORTION_PYTHON"] ?? "../.venv/bin/python";
  execFileSync(python, ["-c", code.replaceAll("http://localhost:6900", `http://localhost:${String(port)}`)], { stdio: ["ignore", "ignore", "inherit"] });
}

test("labeling rules", async ({ page, signIn }) => {
  follow("write-rules", "Give people what rules leave open");
  await signIn("admin");
  await page.goto("/datasets/recognai/tickets/rules");
  await expect(page.getByRole("row", { name: /thanks OR great/ })).toBeVisible();
  await page.keyboard.type("invoice OR doorstep");
  await page.keyboard.press("Enter");
  await page.keyboard.press("2");
  await expect(page.getByLabel("Figures of this rule")).toContainText("Precision");
  await expect(page.getByRole("region", { name: "Examples" }).getByRole("listitem").first()).toBeVisible();
  await take(page, "rules", { height: 1_060 });
  await page.getByRole("link", { name: "Assign these: No rule matches" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await expect(page.getByRole("dialog").getByRole("button", { name: /^Assign/ })).toBeEnabled();
  await take(page, "rules-assign");
});
