import { expect, expectAccessible, PASSWORD, test } from "./journey";

// A page that asks another site, or breaks the content security policy, fails by itself: see journey.ts.
const ELSEWHERE = ["https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "/\t/elsewhere.example", "javascript:alert(1)"];

test("signing in leads to no other site, whatever the address says", async ({ page, baseURL, context }) => {
  for (const wanted of ELSEWHERE) {
    await context.clearCookies();
    await page.goto(`/login?redirect=${encodeURIComponent(wanted)}`);
    await page.getByLabel("Username").fill("ana");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("main").getByLabel("Username")).toHaveCount(0);
    expect(new URL(page.url()).origin, wanted).toBe(new URL(baseURL ?? "").origin);
  }
});

test("a text that is full of markup is shown as it is, and does nothing", async ({ page, server, signIn }) => {
  const text = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script><a href="javascript:alert(1)">here</a>`;
  await server.log("markup", "TextClassification", [{ id: "m0", inputs: { [text.slice(0, 12)]: text } }], { labels: [text.slice(0, 40), "sport"] });
  await signIn("ana");
  await page.goto("/datasets/team/markup");

  await expect(page.getByText("onerror").first()).toBeVisible();
  await expect(page.locator("img[src=x], a[href^=javascript]")).toHaveCount(0);
  expect(await page.title()).not.toBe("taken");
});

test("a new password of one's own is asked for the old one, and holds from then on", async ({ page, signIn }) => {
  const change = async (current: string, fresh: string) => {
    await page.getByLabel("Current password").fill(current);
    await page.getByLabel("New password").fill(fresh);
    await page.getByRole("button", { name: "Change password" }).click();
  };
  await signIn("zoe");
  await page.goto("/user-settings");
  await change("not this one", "something new");
  await expect(page.getByRole("alert")).toContainText("not your current password");
  await change(PASSWORD, "something new");
  await expect(page.getByText("Password changed.")).toBeVisible();
  await expectAccessible(page);
  await page.screenshot({ path: "test-results/password.png", fullPage: true });
  await change("something new", PASSWORD); // the other journeys know this one
  await expect(page.getByLabel("New password")).toHaveValue("");
});
