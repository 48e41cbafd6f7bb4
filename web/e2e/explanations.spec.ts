/** Attributions by a model, in the text. */

import { expect, expectAccessible, test } from "./journey";

test("a text shows which words speak for the label predicted, and for any other", async ({ page, server, signIn }) => {
  const weights = { free: 0.9, money: 0.4, for: 0, you: -0.3 };
  const explanation = { text: Object.entries(weights).map(([token, spam]) => ({ token, attributions: { spam, ham: -spam } })) };
  const prediction = { agent: "m", labels: [{ class: "spam", score: 0.8 }, { class: "ham", score: 0.2 }] };
  await server.log("why", "TextClassification", [{ id: "w0", inputs: { text: "Free money for you" }, prediction, explanation }], { labels: ["spam", "ham"] });
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
