/** Attributions by a model, in the text. */

import { expect, expectAccessible, test, type Wire } from "./journey";

const WEIGHTS = { free: 0.9, money: 0.4, for: 0, you: -0.3 };

/** A record with a prediction and what it rests on. */
function explained(id: string): Wire {
  const explanation = { text: Object.entries(WEIGHTS).map(([token, spam]) => ({ token, attributions: { spam, ham: -spam } })) };
  const prediction = { agent: "m", labels: [{ class: "spam", score: 0.8 }, { class: "ham", score: 0.2 }] };
  return { id, inputs: { text: "Free money for you" }, prediction, explanation };
}

test("a text shows which words speak for the label predicted, and for any other", async ({ page, server, signIn }) => {
  await server.log("why", "TextClassification", [explained("w0")], { labels: ["spam", "ham"] });
  await signIn("ana");
  await page.goto("/datasets/team/why?q=money");
  const card = page.getByRole("article").filter({ visible: true });
  await expect(card.getByTitle("spam: +0.900")).toHaveText("Free");
  await expect(card.getByTitle("spam: -0.300")).toHaveAttribute("data-sign", "against");
  await expect(card.getByTitle("spam: +0.400").locator("mark")).toHaveText("money");
  await expect(card.getByTitle("spam: 0.000")).not.toHaveAttribute("data-sign");
  await expectAccessible(page);
  await card.getByRole("radiogroup", { name: "Label to explain in text" }).getByText("ham").click();
  await expect(card.getByTitle("ham: -0.900")).toHaveText("Free");
  await card.getByText("Plain text").click();
  await expect(card.getByTitle(/ham:/)).toHaveCount(0);
  await page.keyboard.press("1");
  await expect.poll(() => server.status("why", "w0")).toBe("Validated");
});

test("where predictions are shown only when one asks, what they rest on is, too", async ({ page, server, signIn }) => {
  await server.log("why-later", "TextClassification", ["l0", "l1"].map(explained), { labels: ["spam", "ham"] });
  await page.route("**/api/me/preferences*", (route) => route.fulfill({ json: { hidePredictions: true } }));
  await signIn("ana");
  await page.goto("/datasets/team/why-later");
  const card = page.getByRole("article").filter({ visible: true });
  await expect(card).toContainText("Free money for you");
  await expect(page.getByText("Predictions are hidden")).toBeAttached();
  await expect(card.getByTitle(/spam:/)).toHaveCount(0);
  await expect(card.getByText("Explained:")).toHaveCount(0);
  await page.keyboard.press("h");
  await expect(card.getByTitle("spam: +0.900")).toHaveText("Free");
  await expectAccessible(page);
  await page.keyboard.press("n");
  await expect(card).toContainText("l1");
  await expect(card.getByTitle(/spam:/)).toHaveCount(0);
});
