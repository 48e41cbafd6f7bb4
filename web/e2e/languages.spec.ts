/** The app in other languages: one that people speak, and two that show what longer and mirrored texts do to the pages. */

import type { Page } from "@playwright/test";

import { entities, expect, navigate, type Server, test, TOPICS, topics } from "./journey";

async function speak(page: Page, language: string) {
  await page.addInitScript((chosen) => { localStorage.setItem("apportion-language", chosen); }, language);
}

async function fill(server: Server, as: string) {
  await server.log(`${as}-topics`, "TextClassification", topics(9), { labels: TOPICS });
  await server.log(`${as}-names`, "TokenClassification", entities(), { labels: ["PER", "ORG"] });
  await server.log(`${as}-words`, "Text2Text", [{ id: "w0", text: "A text to be written anew." }]);
  await server.assign(`${as}-topics`, { users: ["ana", "ben"], overlap: "all" });
  for (const id of ["t00", "t01", "t02"]) for (const who of ["ana", "ben"]) await server.answer(who, `${as}-topics`, id, who === "ana" ? "sport" : "science");
}

const pages = (as: string) => [
  "/team", "/datasets", "/datasets/new", "/people", "/audit", "/webhooks", "/my-work", "/user-settings",
  ...["", "?view=list", "/review", "/agreement", "/rules", "/team", "/team?assign=1", "/settings"].map((part) => `/datasets/team/${as}-topics${part}`),
  `/datasets/team/${as}-names`, `/datasets/team/${as}-words`,
];

/** Go there within the app, and return by how much it is wider than its window, at the width of a phone and of a desk. */
async function overflow(page: Page, address: string): Promise<string[]> {
  await navigate(page, address);
  const wide: string[] = [];
  for (const width of [375, 1440]) {
    await page.setViewportSize({ width, height: 800 });
    const by = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (by > 0) wide.push(`${address} at ${String(width)}: ${String(by)} px too wide`);
  }
  return wide;
}

for (const [language, what] of [["ar-XB", "mirrored"], ["en-XA", "longer"]] as const) {
  test(`no page is wider than its window in ${what} texts`, async ({ page, server, signIn }, { retry }) => {
    const as = `${what}${String(retry)}`; // of its own: a server has the datasets of all tests
    await fill(server, as);
    await signIn("admin");
    await speak(page, language);
    await page.goto("/login");
    const wide: string[] = [];
    for (const address of ["/login", ...pages(as)]) wide.push(...(await overflow(page, address)));
    expect(wide).toEqual([]);
    await expect(page.locator("html")).toHaveAttribute("dir", language === "ar-XB" ? "rtl" : "ltr");
  });
}

test("what a page left behind does not widen the next one from right to left", async ({ page, server, signIn }) => {
  await server.log("left-behind", "TextClassification", topics(1), { labels: TOPICS });
  await signIn("admin");
  await speak(page, "ar-XB");
  await page.setViewportSize({ width: 1440, height: 800 });
  await page.goto("/datasets/team/left-behind/settings");
  await expect(page.locator("main textarea").first()).toBeVisible(); // it measures its text in another, which stays
  await page.locator("header nav a[href$='/people']").click();
  await expect(page).toHaveURL(/people$/);
  await page.setViewportSize({ width: 375, height: 800 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);
});

test("from right to left the page is mirrored: the brand, the text before its details, the first label", async ({ page, server, signIn }) => {
  await server.log("mirrored", "TextClassification", topics(3), { labels: TOPICS });
  await signIn("ana");
  await speak(page, "ar-XB");
  await page.setViewportSize({ width: 1440, height: 800 });
  await page.goto("/datasets/team/mirrored");
  const place = async (which: ReturnType<Page["locator"]>) => (await which.first().boundingBox())?.x ?? NaN;
  await expect(page.getByText("Sentence number 0 ")).toBeVisible();
  expect(await place(page.locator("header a"))).toBeGreaterThan(await place(page.locator("header button").last()));
  expect(await place(page.getByText("Sentence number 0 "))).toBeGreaterThan(await place(page.getByRole("complementary")));
  expect(await place(page.getByRole("button", { name: TOPICS[0] ?? "" }))).toBeGreaterThan(await place(page.getByRole("button", { name: TOPICS[1] ?? "" })));
  await page.keyboard.press("1");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Sentence number 1 ")).toBeVisible();
});

test.describe("in a German browser", () => {
  test.use({ locale: "de-DE" });

  test("the first record is answered in German, and no English is painted before", async ({ page, server, signIn }) => {
    await server.log("deutsch", "TextClassification", topics(3), { labels: TOPICS });
    await server.assign("deutsch", { users: ["ana"] });
    await signIn("ana");
    await page.addInitScript(() => {
      const seen: string[] = [];
      Object.assign(window, { seen });
      new MutationObserver(() => { seen.push((document.body as HTMLElement | null)?.innerText ?? ""); }).observe(document, { childList: true, subtree: true });
    });
    await page.goto("/my-work");
    await expect(page.getByRole("heading", { name: "Meine Arbeit" })).toBeVisible();
    await expect(page.locator("html")).toHaveAttribute("lang", "de");
    expect(await page.evaluate(() => (window as unknown as { seen: string[] }).seen.filter((text) => text.includes("My work")))).toEqual([]);
    await page.getByRole("link", { name: /deutsch/ }).first().click();
    await expect(page.getByText("Sentence number 0 ")).toBeVisible();
    await page.keyboard.press("1");
    await page.keyboard.press("Enter");
    await expect(page.getByText("Sentence number 1 ")).toBeVisible();
    await expect.poll(() => server.mine("ana", "deutsch", "t00")).toMatchObject({ state: "submitted" });
  });
});

test("a language is chosen in the menu of the person, and kept on every device", async ({ page, browser, baseURL, signIn }) => {
  await signIn("ben");
  await page.goto("/my-work");
  await page.getByRole("button", { name: "Account of Ben" }).click();
  await page.getByRole("menuitemradio", { name: "Español" }).click();
  await expect(page.getByRole("heading", { name: "Mi trabajo" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "es");
  const elsewhere = await browser.newPage({ baseURL: baseURL ?? "", storageState: await page.context().storageState().then(({ cookies }) => ({ cookies, origins: [] })) });
  await elsewhere.goto("/my-work");
  await expect(elsewhere.getByRole("heading", { name: "Mi trabajo" })).toBeVisible();
  await elsewhere.close();
  await page.getByRole("button", { name: "Cuenta de Ben" }).click();
  await page.getByRole("menuitemradio", { name: "El del navegador" }).click();
  await expect(page.getByRole("heading", { name: "My work" })).toBeVisible();
});

for (const [language, refused, few] of [
  ["de", /Bei Zeichen 1: die hier geöffnete Klammer wird nie geschlossen/, /zu wenige gemeinsame Einträge: 1 mit Antworten von zwei oder mehr Personen, nötig sind mindestens 2\W/],
  ["es", /el paréntesis que se abre aquí nunca se cierra/, /muy pocos registros compartidos: 1 con respuestas de dos o más personas; hacen falta al menos 2\W/],
] as const) {
  test(`what the server says is said in the language of the page: ${language}`, async ({ page, server, signIn }, { retry }) => {
    const name = `words-${language}${String(retry)}`;
    await server.log(name, "TextClassification", topics(3), { labels: TOPICS });
    await server.assign(name, { users: ["ana", "ben"], overlap: "all" });
    for (const who of ["ana", "ben"]) await server.answer(who, name, "t00", "sport");
    await signIn("admin");
    await speak(page, language);
    await page.goto(`/datasets/team/${name}?view=list`);
    const search = page.getByRole("search").getByRole("textbox");
    await search.fill("(sport");
    await search.press("Enter");
    await expect(page.getByText(refused)).toBeVisible();
    await page.goto(`/datasets/team/${name}/agreement`);
    await expect(page.getByText(few).first()).toBeVisible();
  });
}
