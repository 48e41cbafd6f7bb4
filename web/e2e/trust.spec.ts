import type { Page } from "@playwright/test";

import { expect, expectAccessible, test, TOPICS, topics } from "./journey";

const own = { annotation: "individual", blind: true };

/** Requests to the server while something is done. */
function requests(page: Page): string[] {
  const seen: string[] = [];
  page.on("request", (request) => { if (request.url().includes("/api/")) seen.push(`${request.method()} ${new URL(request.url()).pathname}`); });
  return seen;
}

test("who leads sees what records stand by, why, and who said what, and answers only by an act of its own", async ({ page, server, signIn }) => {
  await server.log("results", "TextClassification", topics(4), { labels: TOPICS });
  await server.ask("admin", "PATCH", "results/policies", { ...own, required: 3 });
  for (const [who, label] of [["ana", "sport"], ["ben", "sport"], ["cy", "politics"]] as const) await server.answer(who, "results", "t00", label);
  for (const [who, label] of [["ana", "sport"], ["ben", "science"], ["cy", "politics"]] as const) await server.answer(who, "results", "t01", label);
  await server.answer("ana", "results", "t02", "sport");
  await server.ask("admin", "PUT", "results/records/t01/gold", { value: { labels: [{ class: "science" }] }, reason: "See page 3.", version: 0 });
  await signIn("admin");
  const seen = requests(page);
  await page.goto("/datasets/team/results?view=list");
  const card = (id: string) => page.getByRole("article", { name: `Record ${id}` });
  await expect(card("t00")).toContainText("Resolved");
  await expect(card("t00")).toContainText("majority 2 of 3");
  await expect(card("t00").getByRole("list").getByRole("listitem").filter({ hasText: "cy" })).toContainText("≠");
  await expect(card("t00").getByRole("listitem")).toHaveCount(3);
  await expect(card("t01")).toContainText("resolved by admin");
  await expect(card("t01")).toContainText("Reason: See page 3.");
  await expect(card("t02")).toContainText("In progress");
  await expect(card("t02")).toContainText("2 more answers needed");
  await expect(card("t03")).toContainText("No answers yet");
  expect(seen.filter((each) => each.includes("annotations/me"))).toEqual([]);
  await expectAccessible(page);

  await page.keyboard.press("1"); // no key gives an answer here
  await page.keyboard.press("d");
  await expect(page.getByText(/To give your own answer/)).toBeVisible();
  expect(await server.mine("admin", "results", "t00")).toMatchObject({ state: "none" });

  await card("t02").getByRole("button", { name: "Answer myself" }).click();
  await expect(page.getByText("You’re answering in your own name")).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("3");
  await page.keyboard.press("Enter");
  await expect.poll(async () => await server.mine("admin", "results", "t02")).toMatchObject({ state: "submitted", value: { labels: [{ class: "science" }] } });
  await page.getByRole("button", { name: "Back to the results" }).click();
  await expect(card("t02").getByRole("listitem").filter({ hasText: "admin" })).toContainText("science");

  await card("t02").getByRole("link", { name: "Open in review" }).click();
  await expect(page.getByRole("article", { name: /^Answer of/ })).toHaveCount(2);
  await expect(page).toHaveURL(/review\?record=t02/);
});

test("what the team page counts is what its links show", async ({ page, server, signIn }) => {
  await server.log("promised", "TextClassification", topics(12), { labels: TOPICS });
  await server.assign("promised", { overlap: 1, users: ["ana", "ben"], skip: "next_person" });
  await server.ask("admin", "PATCH", "promised/policies", own);
  const queue = (await server.ask("ana", "POST", "promised/queue:claim", { limit: 3 })) as { records: { id: string; assignment: { token: string } }[] };
  const [first, second] = queue.records;
  await server.answer("ana", "promised", first?.id ?? "", "sport");
  await server.ask("ana", "POST", "promised/queue:skip", { id: second?.id, token: second?.assignment.token, reason: "not my language" });
  await signIn("admin");
  await page.goto("/datasets/team/promised/team");
  const row = page.getByRole("row", { name: /^ana/ });
  await expect(row).toContainText("ana");
  for (const [what, count] of [["Assigned", 5], ["Done", 1], ["Left", 4]] as const) {
    await page.goto("/datasets/team/promised/team");
    await row.getByRole("link", { name: new RegExp(`^${String(count)}, ${what}|${what}.*ana`, "i") }).first().click();
    await expect(page.getByRole("article")).toHaveCount(count);
    await expect(page.getByRole("article").first()).toContainText(what === "Done" ? "the only answer needed, by ana" : /Open|Resolved/);
  }
  await page.goto("/datasets/team/promised/team");
  await expect(row.getByRole("cell").nth(5)).toHaveText("1"); // skipped
  await expect(page.getByText(/go to the next free person/)).toBeVisible();
  await expect(page.getByRole("region", { name: "Activity" })).toContainText(/ana skipped.*not my language/);
});

test("a skip is taken back by U like everything else, also after a reload, unless somebody has the record", async ({ page, server, signIn }) => {
  await server.log("unskip", "TextClassification", topics(6), { labels: TOPICS });
  await server.assign("unskip", { overlap: 1, users: ["ana", "ben"], mode: "pull", skip: "next_person" });
  await server.ask("admin", "PATCH", "unskip/policies", own);
  await signIn("ana");
  await page.goto("/datasets/team/unskip?view=queue");
  const card = page.getByRole("article");
  await expect(card).toBeVisible();
  const name = (await card.getAttribute("aria-label")) ?? "";
  const skip = async (id: string) => {
    await page.keyboard.press("s");
    await expect(page.getByRole("textbox", { name: /Reason/ })).toBeFocused();
    await page.keyboard.type("not my language");
    await page.keyboard.press("Enter");
    await expect(page.getByText("Skipped: the record goes to the next free person")).toBeVisible();
    await expect(card).not.toHaveAttribute("aria-label", id);
  };
  await skip(name);
  await page.keyboard.press("u");
  await expect(card).toHaveAttribute("aria-label", name);
  await page.keyboard.press("1");
  await expect(card).not.toHaveAttribute("aria-label", name);
  await expect.poll(async () => await server.mine("ana", "unskip", name.replace("Record ", ""))).toMatchObject({ state: "submitted", counted: true });

  const second = (await card.getAttribute("aria-label")) ?? "";
  await skip(second);
  await page.reload();
  await expect(card).toBeVisible();
  await expect(card).not.toHaveAttribute("aria-label", second);
  await page.keyboard.press("u");
  await expect(card).toHaveAttribute("aria-label", second);

  await skip(second);
  await server.ask("ben", "POST", "unskip/queue:claim", { limit: 20 });
  await page.keyboard.press("u");
  await expect(page.getByText(/someone else has it now/)).toBeVisible();
});

test("figures of one person say in which measure they are", async ({ page, server, signIn }) => {
  await server.log("measures", "TextClassification", topics(8), { labels: TOPICS });
  await server.ask("admin", "PATCH", "measures/policies", { ...own, required: 2 });
  for (let each = 0; each < 8; each++) {
    await server.answer("ana", "measures", `t0${String(each)}`, TOPICS[each % 3] ?? "");
    await server.answer("ben", "measures", `t0${String(each)}`, TOPICS[each % 2] ?? "");
  }
  await signIn("admin");
  await page.goto("/datasets/team/measures/agreement");
  const part = page.getByRole("region", { name: "Each person vs. the rest" });
  await expect(part.getByRole("columnheader", { name: "Percent agreement" })).toBeVisible();
  await expect(part.getByRole("row", { name: /^ana/ })).toContainText(/\d+%/);
  await expect(part).toContainText("Krippendorff’s α compares pairs of people");
  await expect(page.getByRole("region", { name: "By label" }).getByRole("columnheader", { name: "Krippendorff’s α" })).toBeVisible();
});
