/** Opening of a page, and what is there when it opens again. */

import { entities, expect, test, TOPICS, topics } from "./journey";
import { patience } from "./patience";

test("a prediction that was rejected in one's own annotation stays rejected after a reload, for oneself alone", async ({ page, server, signIn }) => {
  await server.log("put-aside", "TokenClassification", entities(), { labels: ["PER", "ORG"] });
  await server.ask("admin", "PATCH", "put-aside/policies", { annotation: "individual", blind: true });
  await signIn("ana");
  await page.goto("/datasets/team/put-aside?record=e0");
  const reject = (label: string, text: string) => page.getByRole("button", { name: `Reject ${label} for “${text}”` });
  await reject("ORG", "London").click();
  await expect(reject("ORG", "London")).toBeHidden();
  await expect.poll(async () => (await server.mine("ana", "put-aside", "e0"))["state"]).not.toBe("submitted");
  await page.waitForTimeout(patience(800)); // longer than what is begun is put off
  await page.reload();
  await expect(reject("PER", "Ada")).toBeVisible();
  await expect(reject("ORG", "London")).toBeHidden();

  await page.getByRole("button", { name: /^Validate|^Submit/ }).first().click(); // no entity in it
  await expect.poll(async () => (await server.mine("ana", "put-aside", "e0"))["state"]).toBe("submitted");
  await signIn("ben");
  await page.goto("/datasets/team/put-aside?record=e0");
  await expect(reject("ORG", "London")).toBeVisible();
});

test("who goes to another page while records are still on their way arrives there", async ({ page, server, signIn }) => {
  await server.log("on-the-way", "TextClassification", topics(3), { labels: TOPICS });
  await signIn("admin");
  let letGo: () => void = () => undefined;
  const held = new Promise<void>((done) => { letGo = done; });
  await page.route("**/*:search*", async (route) => {
    await held;
    await route.continue();
  });
  // the page one goes to is slower than the records of the one that is left
  await page.route("**/review-page-*.js", async (route) => {
    await held;
    await new Promise((done) => setTimeout(done, 1_500));
    await route.continue();
  });
  await page.goto("/datasets/team/on-the-way");
  await page.getByRole("link", { name: "Review", exact: true }).click();
  letGo();
  await expect(page).toHaveTitle(/^Review/);
  await expect(page).toHaveURL(/\/on-the-way\/review/);
});

test("opening pages asks for nothing that is not there", async ({ page, server, signIn }) => {
  const missing: string[] = [];
  page.on("response", (reply) => { if (reply.status() >= 400) missing.push(`${String(reply.status())} ${reply.url()}`); });
  await server.log("opened-bare", "TextClassification", topics(3)); // no settings were ever saved
  await server.assign("opened-bare", { users: ["ana", "ben"], overlap: "all" }, { blind: true });
  await signIn("ana");
  await page.goto("/datasets/team/opened-bare?view=queue");
  await expect(page.getByRole("article").first()).toBeVisible();
  // with nothing to see but what was assigned, one's share is all there is
  await expect(page.getByText("0 of 3 done")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Progress" })).toBeHidden();
  await signIn("admin");
  for (const part of ["", "?view=list", "/review", "/agreement", "/team", "/settings"]) {
    await page.goto(`/datasets/team/opened-bare${part}`);
    await page.waitForLoadState("networkidle");
  }
  await page.goto("/datasets/team/opened-bare");
  await expect(page.getByRole("heading", { name: "Progress" })).toBeVisible();
  expect(missing).toEqual([]);
});

test("a record that is seen takes keys: labels, keys of one's own and hidden predictions are there with it", async ({ page, server, signIn }) => {
  await server.log("slow-labels", "TextClassification", topics(3), { labels: TOPICS });
  const later = () => new Promise((done) => setTimeout(done, 1500));
  await page.route("**/TextClassification/settings*", async (route) => {
    await later();
    await route.continue();
  });
  await page.route("**/api/me/preferences*", async (route) => {
    await later();
    await route.fulfill({ json: { hidePredictions: true, keys: { discard: ["k"] } } });
  });
  await signIn("ben");
  await page.goto("/datasets/team/slow-labels");
  await expect(page.getByText("Sentence number 0 ")).toBeVisible();
  expect(await page.getByRole("button", { name: "sport" }).textContent()).not.toContain("80");
  await page.keyboard.press("2");
  await expect(page.getByText("Sentence number 1 ")).toBeVisible();
  await page.keyboard.press("k");
  await expect.poll(() => server.record("slow-labels", "t00")).toMatchObject({ annotation: { labels: [{ class: "politics" }] } });
  await expect.poll(() => server.status("slow-labels", "t01")).toBe("Discarded");
});
