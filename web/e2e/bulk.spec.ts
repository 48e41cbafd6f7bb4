/** Changing all records that match, keys of one's own, comfort: what makes a long day short. */

import { expect, expectAccessible, test, TOPICS, topics } from "./journey";

test("all records that match a filter are labelled at once, and that is taken back with Ctrl+Z", async ({ page, server, signIn }) => {
  await server.log("all-at-once", "TextClassification", topics(45), { labels: TOPICS });
  await signIn("ana");
  await page.goto("/datasets/team/all-at-once?view=list&metadata.user=ben");
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await page.getByRole("button", { name: "Select all 15 that match" }).click();
  await page.getByRole("button", { name: "Label …" }).click();
  await page.getByRole("combobox", { name: "Labels" }).or(page.getByRole("textbox", { name: "Labels" })).first().fill("sci");
  await page.getByRole("option", { name: "science" }).click();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Label 15 records" }).click();
  await expect(page.getByText("15 records changed.")).toBeVisible();
  await expect(page.getByText("15 validated")).toBeVisible();
  await expectAccessible(page);
  expect(await server.record("all-at-once", "t43")).toMatchObject({ status: "Validated", annotation: { agent: "ana", labels: [{ class: "science" }] } });
  expect(await server.status("all-at-once", "t42")).toBe("Default");

  await page.keyboard.press("Control+z");
  await expect(page.getByText("Undone on 15 records.")).toBeVisible();
  expect(await server.status("all-at-once", "t43")).toBe("Default");

  // predictions in bulk, then one step of one's own on top: undone one after the other
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await page.getByRole("button", { name: "Select all 15 that match" }).click();
  await page.getByRole("button", { name: "Accept predictions" }).click();
  await page.getByRole("button", { name: "Accept the predictions of 15 records" }).click();
  await expect(page.getByText("15 records changed.")).toBeVisible();
  expect(await server.record("all-at-once", "t43")).toMatchObject({ annotation: { labels: [{ class: "politics" }] } });
  await page.getByRole("article").first().getByRole("button", { name: "Discard" }).click();
  await page.keyboard.press("u"); // the discard …
  await expect(page.getByText(/^Saved/)).toBeVisible();
  await page.keyboard.press("u"); // … and then the bulk change
  await expect(page.getByText(/Undone on 1[45] records?/)).toBeVisible();
});

test("who leads is told that a change to all decides for everybody", async ({ page, server, signIn }) => {
  await server.log("decides", "TextClassification", topics(12), { labels: TOPICS });
  await server.ask("admin", "PATCH", "decides/policies", { annotation: "individual" });
  await signIn("admin");
  await page.goto("/datasets/team/decides?view=list");
  await page.getByRole("checkbox", { name: "Select all on this page" }).check();
  await page.getByRole("button", { name: "Select all 12 that match" }).click();
  await expect(page.getByRole("group", { name: "All 12 that match are selected" }).getByRole("button", { name: "Validate" })).toHaveCount(0);
  await page.getByRole("button", { name: "Discard", exact: true }).first().click();
  await expect(page.getByText(/this resolves the records for everyone/)).toBeVisible();
  await page.getByRole("button", { name: "Discard 12 records" }).click();
  await expect(page.getByText("12 records changed.")).toBeVisible();
  expect(await server.status("decides", "t11")).toBe("Discarded");
});

test("keys are chosen, printed, listed and remembered", async ({ page, server, signIn }) => {
  await server.log("own-keys", "TextClassification", topics(5), { labels: [{ name: "sport", shortcut: "q" }, "politics", "science"] });
  await signIn("cy");
  await page.goto("/user-settings");
  await page.getByRole("button", { name: "Change the key for: Discard and go to the next" }).click();
  await page.keyboard.press("1");
  await expect(page.getByText("That key can’t be used.")).toBeVisible();
  await page.getByRole("button", { name: "Change the key for: Discard and go to the next" }).click();
  await page.keyboard.press("f");
  await expect(page.getByText(/It was the key for “Comment/)).toBeVisible();
  await expectAccessible(page);

  await page.goto("/datasets/team/own-keys");
  await expect(page.getByText("1 of 5")).toBeVisible();
  await expect(page.getByRole("button", { name: "Discard F" })).toBeVisible();
  await page.keyboard.press("d"); // no longer anything
  await page.keyboard.press("f");
  await expect(page.getByText("2 of 5")).toBeVisible();
  await expect.poll(() => server.status("own-keys", "t00")).toBe("Discarded");
  await page.keyboard.press("q");
  await expect.poll(() => server.record("own-keys", "t01")).toMatchObject({ annotation: { labels: [{ class: "sport" }] } });
  await page.keyboard.press("?");
  await page.getByRole("link", { name: "Change keys" }).click();
  await page.getByRole("button", { name: "Reset to defaults" }).click();
  await expect(page.getByRole("button", { name: "Change the key for: Discard and go to the next" })).toContainText(/D$/);
});

test("texts are made larger, lines shorter, and predictions shown only when asked for", async ({ page, server, signIn }) => {
  await server.log("comfort", "TextClassification", topics(3), { labels: TOPICS });
  await signIn("cy");
  await page.goto("/datasets/team/comfort");
  const text = page.getByText("Sentence number 0 ");
  const size = () => text.evaluate((each) => parseFloat(getComputedStyle(each).fontSize));
  const before = await size();
  await page.getByRole("button", { name: "View", exact: true }).click();
  await page.getByText("Larger", { exact: true }).click();
  await page.getByText("Tight", { exact: true }).click();
  await page.getByRole("switch", { name: "Show predictions only when I ask" }).click();
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await page.reload();
  expect(await size()).toBeGreaterThan(before);
  await expect(page.getByRole("button", { name: "sport" })).not.toContainText("80");
  await page.keyboard.press("a"); // shows it rather than accepting it unseen
  await expect(page.getByRole("button", { name: "sport" })).toContainText("80");
  expect(await server.status("comfort", "t00")).toBe("Default");
  await page.keyboard.press("a");
  await expect(page.getByText("2 of 3")).toBeVisible();
  await expect(page.getByRole("button", { name: "politics" })).not.toContainText("80");
  await page.getByRole("button", { name: "View", exact: true }).click();
  await page.getByRole("switch", { name: "Show predictions only when I ask" }).click();
  await page.getByText("Normal", { exact: true }).click();
});
