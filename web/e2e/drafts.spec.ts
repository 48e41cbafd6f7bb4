/** Reloads at any moment: nothing that was typed, marked or chosen is lost. */

import { expect, test } from "./journey";

const own = { annotation: "individual", blind: true };
const TEXT = "Half a thought, and then";
const AFTER = [0, 100, 300];

for (const individual of [false, true]) {
  const kind = individual ? "individual" : "shared";

  for (const after of AFTER) {
    test(`text survives a reload ${String(after)} ms after the last key, ${kind}`, async ({ page, server, signIn }) => {
      const name = `typed-${kind}-${String(after)}`;
      await server.log(name, "Text2Text", [{ id: "d0", text: "Something long." }]);
      if (individual) await server.ask("admin", "PATCH", `${name}/policies`, own);
      await signIn("ana");
      await page.goto(`/datasets/team/${name}`);
      const field = page.getByRole("textbox", { name: "Your text" });
      await field.click();
      await page.keyboard.type(TEXT, { delay: 20 });
      await expect(page.getByText("All saved")).toHaveCount(0);
      await page.waitForTimeout(after);
      await page.reload();

      await expect(page.getByRole("textbox", { name: "Your text" })).toHaveValue(TEXT);
      if (individual) await expect.poll(async () => (await server.mine("ana", name, "d0"))["value"]).toMatchObject({ sentences: [{ text: TEXT }] });
    });
  }

  test(`a span survives a reload at once, ${kind}`, async ({ page, server, signIn }) => {
    const name = `marked-${kind}`;
    await server.log(name, "TokenClassification", [{ id: "s0", text: "Ana met Ben", tokens: ["Ana", "met", "Ben"] }], { labels: ["PER"] });
    if (individual) await server.ask("admin", "PATCH", `${name}/policies`, own);
    await signIn("ana");
    await page.goto(`/datasets/team/${name}`);
    await expect(page.getByRole("textbox", { name: "Text" })).toBeFocused();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("1"); // Ana
    await page.reload();

    await expect(page.getByText("Draft", { exact: true })).toBeVisible();
    await page.keyboard.press("Enter");
    await expect.poll(async () => (await server.record(name, "s0"))["annotation"]).toMatchObject({ entities: [{ start: 0, end: 3, label: "PER" }] });
  });

  test(`labels that were picked survive a reload at once, ${kind}`, async ({ page, server, signIn }) => {
    const name = `picked-${kind}`;
    await server.log(name, "TextClassification", [{ id: "l0", inputs: { text: "Both." }, multi_label: true }], { labels: ["one", "two"] });
    if (individual) await server.ask("admin", "PATCH", `${name}/policies`, own);
    await signIn("ana");
    await page.goto(`/datasets/team/${name}`);
    await expect(page.getByText("Both.")).toBeVisible();
    await page.keyboard.press("1");
    await page.keyboard.press("2");
    await page.reload();

    await expect(page.getByText("Draft", { exact: true })).toBeVisible();
    await expect(page.getByRole("checkbox", { name: "one" }).or(page.getByRole("button", { name: /one/, pressed: true }))).toBeVisible();
  });
}
