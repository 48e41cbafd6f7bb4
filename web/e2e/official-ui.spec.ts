/** The web app of 1.6.0 itself, out of the official client's wheel, on our server: its weak labelling goes on working. */

import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { extname, join } from "node:path";

import { type Page } from "@playwright/test";

import { expect, PASSWORD, type Server, test } from "./journey";

const cache = process.env["APPORTION_CACHE"] ?? join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "apportion");
/** `make official-client` brings it. */
const app = globSync("argilla-1.6.0-py3*/lib/python3*/site-packages/argilla/server/static", { cwd: cache }).map((each) => join(cache, each))[0] ?? "";
const KINDS: Record<string, string> = { ".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml", ".webmanifest": "application/json" };

/** Records as they are stored, as our own client would see them. */
async function stored(server: Server) {
  const rules = (await server.ask("admin", "GET", "old-ways/TextClassification/labeling/rules")) as unknown as { query: string; label: string }[];
  return rules.map(({ query, label }) => [query, label]);
}

async function shot(page: Page, name: string) {
  const folder = process.env["APPORTION_SHOTS"];
  if (folder) await page.screenshot({ path: join(folder, `official-${name}.png`) });
}

test("the 1.6 app writes, measures and lists rules on our server", async ({ browser, baseURL, server }) => {
  test.skip(!app, "the wheel of 1.6.0 is not here; `make official-client` brings it");
  const texts = [["free money", "spam"], ["free call", "ham"], ["call later", "ham"], ["nothing", ""], ["free free", ""]] as const;
  const records = texts.map(([text, label], n) => ({ id: `m${String(n)}`, inputs: { text }, ...(label ? { status: "Validated", annotation: { agent: "admin", labels: [{ class: label }] } } : {}) }));
  await server.log("old-ways", "TextClassification", records, { labels: ["spam", "ham"] });
  const context = await browser.newContext({ baseURL: baseURL ?? "", viewport: { width: 1400, height: 900 } });
  const refused: string[] = [];
  await context.route("**/*", async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname.startsWith("/api/")) {
      await route.continue();
      return;
    }
    const file = join(app, pathname);
    const found = existsSync(file) && statSync(file).isFile() ? file : join(app, "200.html");
    const kind = KINDS[extname(found)];
    const body = readFileSync(found);
    await route.fulfill(kind ? { contentType: kind, body: body.toString("utf8").replaceAll("@@baseUrl@@", "") } : { body });
  });
  const page = await context.newPage();
  page.on("response", (reply) => { if (reply.status() >= 400) refused.push(`${String(reply.status())} ${reply.url()}`); });
  try {
    await page.goto("/login");
    await page.getByPlaceholder("Enter your username").fill("admin");
    await page.getByPlaceholder("Enter your password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("link", { name: "old-ways" })).toBeVisible();
    await page.goto("/datasets/team/old-ways?viewMode=labelling-rules");
    const search = page.getByPlaceholder("Introduce a query");
    await search.pressSequentially("free");
    await page.waitForTimeout(300); // what is typed is taken over after a while
    await search.press("Enter");
    const area = page.locator(".rule__area");
    await expect(area).toContainText(/Records:\s*3/);
    await area.getByText("spam", { exact: true }).click();
    await expect(page.locator(".rule__metrics")).toContainText(/Precision\s*50(\.0+)?%/);
    await shot(page, "figures");
    await page.getByRole("button", { name: "Save rule" }).click();
    await expect.poll(() => stored(server)).toEqual([["free", "spam"]]);
    await page.getByRole("button", { name: "Manage rules" }).click();
    const rules = page.locator(".rules-management__table");
    await expect(rules).toContainText("free");
    await shot(page, "rules");
  } finally {
    await context.close();
  }
  expect(refused).toEqual([]);
});
