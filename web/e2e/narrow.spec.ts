/** Every page fits its window: on a phone, and on a laptop at 200 % zoom, where 1280 pixels are 640. */

import type { Page } from "@playwright/test";

import { entities, expect, navigate, test, TOPICS, topics } from "./journey";

const WIDTHS = [
  { width: 375, height: 700 },
  { width: 640, height: 400 },
];

/** Go there within the app; nothing reaches beyond the right edge, but for what scrolls by itself. Names what does. */
async function expectFits(page: Page, address: string) {
  await navigate(page, address);
  for (const size of WIDTHS) {
    await page.setViewportSize(size);
    const beyond = await page.evaluate(() => {
      const root = document.scrollingElement ?? document.body;
      // what scrolls by itself does not widen the page, unless what is in it is placed by a box outside
      const held = (each: Element): boolean => {
        const { position } = getComputedStyle(each);
        for (let box = each.parentElement; box !== null && box !== root; box = box.parentElement) {
          const style = getComputedStyle(box);
          if (style.overflowX !== "visible" && (position !== "absolute" || style.position !== "static")) return true;
        }
        return false;
      };
      const wide = [...document.querySelectorAll("body *")].filter((each) => each.getBoundingClientRect().right > root.clientWidth + 0.5 && !held(each));
      const elements = wide.slice(0, 5).map((each) => `${each.tagName} ${each.className.toString()} ${(each.textContent ?? "").slice(0, 40)}`);
      return { by: root.scrollWidth - root.clientWidth, elements };
    });
    expect(beyond.by, `${address} at ${String(size.width)}: ${beyond.elements.join("; ")}`).toBeLessThanOrEqual(0);
  }
}

test("signing in fits a phone", async ({ page }) => {
  await page.goto("/login");
  await expectFits(page, "/login");
});

test("no page is wider than a phone, or than a window at 200 % zoom", async ({ page, server, signIn }) => {
  await signIn("admin");
  await page.goto("/");
  await expectFits(page, "/datasets"); // nothing yet
  const long = "a-dataset-whose-name-is-rather-long-for-a-phone";
  await server.log(long, "TextClassification", topics(9), { labels: [...TOPICS, "a label with quite a few words in it"], tags: { project: "winter", owner: "everybody" } });
  await server.log("names", "TokenClassification", entities(), { labels: ["PER", "ORG"] });
  await server.log("words", "Text2Text", [{ id: "w0", text: "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichenverordnung".repeat(2) }]);
  await server.assign(long, { users: ["ana", "ben", "cy"], overlap: "all" });
  for (const id of ["t00", "t01", "t02"]) {
    for (const who of ["ana", "ben"]) await server.answer(who, long, id, who === "ana" ? "sport" : "science");
  }
  await server.log("gone", "Text2Text", [{ id: "g0", text: "Gone." }]);
  expect((await page.request.delete("/api/datasets/gone?workspace=team", { headers: { "X-Apportion": "admin" } })).status()).toBe(200);
  for (const address of ["/team", "/datasets", "/datasets?q=nothing-like-this", "/datasets?tags=project%3Awinter", "/datasets/new", "/people", "/my-work", "/user-settings"]) await expectFits(page, address);
  for (const part of ["", "?view=list", "/review", "/agreement", "/team", "/team?assign=1", "/settings"]) await expectFits(page, `/datasets/team/${long}${part}`);
  for (const name of ["names", "words"]) for (const part of ["", "?view=list", "/settings"]) await expectFits(page, `/datasets/team/${name}${part}`);
  await signIn("ana");
  await page.goto("/");
  for (const address of ["/my-work", "/datasets", `/datasets/team/${long}`, `/datasets/team/${long}?view=queue`]) await expectFits(page, address);
});
