import { expect, expectAccessible, test } from "./journey";

test.use({ servedFor: "secrets", permissions: ["clipboard-read", "clipboard-write"] });

test("passwords that are shown once: typed for at once, not closed by Escape or by leaving unasked, and copied with headings and the address", async ({ page, baseURL, signIn }) => {
  await signIn("admin");
  const field = page.getByLabel("Usernames");
  await page.goto("/people?add=1"); // as from “Getting started”
  await expect(field).toBeFocused();
  await page.keyboard.type("a b");
  await expect(field).toHaveValue("a b");

  await page.goto("/datasets");
  await page.getByRole("link", { name: "People", exact: true }).click();
  await page.getByRole("button", { name: "Add people" }).click();
  await expect(field).toBeFocused();
  await page.keyboard.type("dora emil");
  await expect(field).toHaveValue("dora emil");
  await page.keyboard.press("Enter");
  const secrets = page.getByRole("table", { name: "Save these now" });
  await expect(secrets.getByRole("row")).toHaveCount(3);

  await expect(page.getByRole("button", { name: "Copy all" })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await page.mouse.click(5, 5);
  await expect(secrets).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  const password = await secrets.getByRole("row", { name: /^dora/ }).locator("code").first().innerText();
  const [address, headings, first] = copied.split("\n");
  expect(address).toBe(`Sign in at ${baseURL ?? ""}/`);
  expect(headings).toBe("Username\tPassword\tAPI key");
  expect(first).toContain(`dora\t${password}\t`);

  await page.goBack();
  const question = page.getByRole("alert");
  await expect(question).toContainText("Leave without saving it?");
  await expectAccessible(page);
  await question.getByRole("button", { name: "Stay" }).click();
  await expect(secrets).toBeVisible();
  await page.getByRole("button", { name: "I’ve saved them" }).click();
  await expect(secrets).toBeHidden();

  await page.getByRole("button", { name: "Actions for dora" }).click();
  await page.getByRole("menuitem", { name: /New password/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Create" }).click();
  await expect(secrets).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(secrets).toBeVisible();
});

test("a new API key and a webhook's secret ask before they are left, and go once they are saved", async ({ page, signIn }) => {
  await signIn("admin");
  await page.goto("/user-settings");
  await page.getByRole("button", { name: "Create a new key" }).click();
  await page.getByRole("button", { name: "Create a new key" }).click();
  const key = page.getByText("Your new key. Save it now:");
  await expect(key).toBeVisible();
  await page.getByRole("link", { name: "Datasets", exact: true }).first().click();
  const question = page.getByRole("alert").filter({ hasText: "Leave without saving it?" });
  await question.getByRole("button", { name: "Stay" }).click();
  await page.getByRole("button", { name: "I’ve saved it" }).click();
  await expect(key).toBeHidden();
  await page.getByRole("link", { name: "Datasets", exact: true }).first().click();
  await expect(page).toHaveURL(/\/datasets$/);

  await page.goto("/webhooks?workspace=team");
  await page.getByRole("button", { name: "New webhook" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Address").fill("https://example.org/hook");
  await form.getByRole("button", { name: "New webhook" }).click();
  const secret = page.getByText(/^whsec_/);
  await expect(secret).toBeVisible();
  await page.getByRole("link", { name: "Datasets", exact: true }).first().click();
  await expect(question).toBeVisible();
  await expectAccessible(page);
  await question.getByRole("button", { name: "Leave", exact: true }).click();
  await expect(page).toHaveURL(/\/datasets$/);
});
