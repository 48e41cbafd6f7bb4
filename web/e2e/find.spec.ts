import { expect, expectAccessible, PASSWORD, test, TOPICS, topics } from "./journey";

test("signing in leads to where one wanted to go", async ({ page, server }) => {
  await server.log("deep-link", "TextClassification", topics(3), { labels: TOPICS });
  await page.goto("/datasets/team/deep-link?record=t01");
  await expect(page).toHaveURL(/\/login\?redirect=/);
  await expectAccessible(page);
  await page.getByRole("textbox", { name: "Username" }).fill("ana");
  await page.getByRole("textbox", { name: "Password" }).fill("not this one");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toHaveText("Wrong username or password.");
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page.getByText("Sentence number 1 ")).toBeVisible();

  await page.getByRole("button", { name: "Account of Ana" }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page).toHaveURL(/\/login/);
  await page.goto("/datasets");
  await expect(page).toHaveURL(/\/login/);
});

test("a link that would lead to another site after signing in does not", async ({ page }) => {
  await page.goto("/login?redirect=//example.org/");
  await page.getByRole("textbox", { name: "Username" }).fill("ana");
  await page.getByRole("textbox", { name: "Password" }).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/my-work$/);
});

test("datasets are found by name, task and tag, and the address says so", async ({ page, server, signIn }) => {
  await server.log("reviews-one", "TextClassification", topics(2), { tags: { round: "1" } });
  await server.log("reviews-two", "TextClassification", topics(2), { tags: { round: "2" } });
  await signIn("ana");
  await page.goto("/datasets");
  const rows = page.getByRole("row").filter({ hasText: "reviews-" });
  await expect(rows).toHaveCount(2);
  await page.getByRole("textbox", { name: "Search by name" }).fill("REVIEWS");
  await page.getByRole("combobox", { name: "Tags" }).or(page.getByRole("textbox", { name: "Tags" })).first().click();
  await page.getByRole("option", { name: "round: 2" }).click();
  await expect(rows).toHaveCount(1);
  await expect(page).toHaveURL(/q=REVIEWS.*tag=round/);
  await page.keyboard.press("Escape");
  await page.reload();
  await expect(rows).toHaveCount(1);
  await expectAccessible(page);
  await page.getByRole("link", { name: "reviews-two" }).click();
  await expect(page).toHaveURL(/\/datasets\/team\/reviews-two/);
});

test("the tutorial's way: metadata, user, a name, filter", async ({ page, server, signIn }) => {
  await server.log("tutorial", "TextClassification", topics(30), { labels: TOPICS });
  await signIn("ana");
  await page.goto("/datasets/team/tutorial");
  await page.getByRole("button", { name: "Metadata" }).click();
  await page.getByRole("button", { name: "user" }).click();
  await page.getByRole("checkbox", { name: "ana" }).check();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Filter", exact: true }).click();

  await expect(page.getByText("1 of 10")).toBeVisible();
  expect(page.url()).toContain("metadata.user=ana");
  await page.keyboard.press("1");
  await page.keyboard.press("1");
  await expect(page.getByText("Sentence number 6 ")).toBeVisible();
  await page.getByRole("button", { name: "Remove filter user" }).click();
  await expect(page.getByText(" of 30")).toBeVisible();
});

test("a search shows what it found, and a colleague's link shows the same", async ({ page, server, signIn }) => {
  await server.log("search", "TextClassification", topics(30), { labels: TOPICS });
  await signIn("ana");
  await page.goto("/datasets/team/search?view=list");
  await page.getByRole("textbox", { name: "Search records" }).fill("number AND metadata.user:ben");
  await page.keyboard.press("Enter");
  await expect(page.getByText("10 records")).toBeVisible();
  await expect(page.locator("mark").first()).toHaveText("number");
  await page.getByRole("button", { name: "Sort" }).click();
  await page.getByRole("combobox", { name: "Sort by" }).or(page.getByRole("textbox", { name: "Sort by" })).first().click();
  await page.getByRole("option", { name: "metadata.number" }).click();
  await page.getByRole("button", { name: "Reverse the order of metadata.number" }).click();
  await page.getByRole("button", { name: "Sort", exact: true }).last().click();
  await expect(page.getByRole("article").first()).toContainText("Sentence number 28 ");

  const link = page.url();
  await page.goto("/datasets");
  await page.goto(link);
  await expect(page.getByRole("article").first()).toContainText("Sentence number 28 ");
  await page.goto("/datasets/team/search?q=%22open");
  await expect(page.getByRole("alert")).toContainText("This search isn’t valid");
});

test("what is not there says so", async ({ page, server, signIn }) => {
  await server.create("nothing-in-it", "TextClassification");
  await signIn("admin");
  await page.goto("/datasets/team/nothing-in-it");
  await expect(page.getByText("This dataset has no records yet")).toBeVisible();
  await expectAccessible(page);
  await page.goto("/datasets/team/never-was");
  await expect(page.getByRole("alert")).toContainText("Dataset not found");
  await page.goto("/nowhere/at/all");
  await expect(page.getByText("Page not found")).toBeVisible();
  await expectAccessible(page);
});

test("while the server is away a page says so, and is there after trying again", async ({ page, server, signIn }) => {
  await server.log("away", "TextClassification", topics(3), { labels: TOPICS });
  await signIn("admin");
  for (const [address, wanted, there] of [
    ["/people", "**/api/users*", page.getByRole("row", { name: /^ana/ })],
    ["/datasets/team/away?view=list", "**/api/datasets/away/TextClassification:search*", page.getByRole("article").first()],
  ] as const) {
    await page.route(wanted, (route) => route.abort());
    await page.goto(address);
    await expect(page.getByRole("alert")).toContainText("The server can’t be reached");
    await expectAccessible(page);
    await page.unroute(wanted);
    await page.getByRole("button", { name: "Try again" }).click();
    await expect(there).toBeVisible();
  }
});

test("one's settings: colours stay chosen, a new key is shown once", async ({ page, signIn }) => {
  await signIn("zoe");
  await page.goto("/user-settings");
  await page.getByText("Dark", { exact: true }).click();
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", "dark");
  await page.getByText("System").click();
  await page.getByRole("button", { name: "Create a new key" }).click();
  await page.getByRole("button", { name: "Create a new key" }).click();
  await expect(page.getByText("Your new key. Save it now:")).toBeVisible();
  await expectAccessible(page);
});

test("whoever manages a dataset gives it its first labels where they are missed", async ({ page, server, signIn }) => {
  await server.log("no-labels-yet", "TextClassification", [{ id: "n0", inputs: { text: "Nothing said of it." } }]);
  await signIn("ana");
  await page.goto("/datasets/team/no-labels-yet");
  await expect(page.getByText("rg.configure_dataset")).toBeVisible();

  await signIn("admin");
  await page.reload();
  await page.getByRole("textbox", { name: "Labels, separated by commas" }).fill("good, bad , good");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: /good/ })).toBeVisible();
  await expectAccessible(page);
  await page.keyboard.press("2");
  await expect.poll(() => server.status("no-labels-yet", "n0")).toBe("Validated");
});

test("a search that cannot be understood shows where, and a card says how to search", async ({ page, server, signIn }) => {
  await server.log("bad-search", "TextClassification", topics(3), { labels: TOPICS });
  await signIn("ana");
  await page.goto("/datasets/team/bad-search?q=number AND (sport");
  const alert = page.getByRole("alert");
  await expect(alert.locator("mark")).toHaveText("(");
  await expect(alert).toContainText("At character 12: the bracket opened here is never closed.");
  await expectAccessible(page);
  await alert.getByRole("button", { name: "Clear" }).click();
  await page.getByRole("button", { name: "Search help" }).click();
  await expectAccessible(page);
  await page.getByRole("button", { name: "metadata.number:[10 TO 20]" }).click();
  await expect(page.getByRole("textbox", { name: "Search records" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByText("No matching records")).toBeVisible();
});

test("records are found by whom they are assigned to, by numbers, and one record a page", async ({ page, server, signIn }) => {
  await server.log("by-person", "TextClassification", topics(12), { labels: TOPICS });
  await server.assign("by-person", { overlap: 1, users: ["ana", "ben"] });
  await signIn("admin");
  await page.goto("/datasets/team/by-person?view=list");
  await page.getByRole("button", { name: "Assigned" }).click();
  await page.getByRole("button", { name: "Assigned to" }).click();
  await page.getByRole("checkbox", { name: /ben/ }).check();
  await expectAccessible(page);
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await expect(page.getByText("6 records")).toBeVisible();
  await expect(page).toHaveURL(/assigned_to=ben/);
  await page.getByRole("button", { name: "Remove filter Assigned to" }).click();

  await page.getByRole("button", { name: "Metadata" }).click();
  await page.getByRole("button", { name: "number" }).click();
  await page.getByRole("textbox", { name: "number: From" }).fill("4");
  await page.getByRole("textbox", { name: "number: To" }).fill("8");
  await page.getByRole("button", { name: "Filter", exact: true }).click();
  await expect(page.getByText("5 records")).toBeVisible();
  await page.goto("/datasets/team/by-person?view=list&size=1&range.metadata.number=4..8");
  await expect(page.getByRole("article")).toHaveCount(1);
  await expect(page.getByText("4 to 8")).toBeVisible();
});

test("similar records are found by a vector, next to the one they are compared with, and there is a way back", async ({ page, server, signIn }) => {
  const records = topics(9).map((each, n) => ({ ...each, vectors: { meaning: { value: [Math.cos(n), Math.sin(n)] }, length: { value: [n, 1] } } }));
  await server.log("alike-by-vector", "TextClassification", records, { labels: TOPICS });
  await signIn("ana");
  await page.goto("/datasets/team/alike-by-vector?record=t03");
  await expect(page.getByText("Sentence number 3 ")).toBeVisible();
  await page.keyboard.press("m");
  await expect(page.getByRole("dialog", { name: "By which vector?" })).toBeVisible();
  await expectAccessible(page);
  await page.getByRole("button", { name: "length" }).click();
  const pinned = page.getByRole("region", { name: "Similar to" });
  await expect(pinned).toContainText("Sentence number 3 ");
  await expect(page.getByText("The 8 nearest by length")).toBeVisible();
  await expect(page.getByRole("article").first()).toContainText(/Sentence number [24] /);
  await expect(page).toHaveURL(/similar=t03.*by=length|by=length.*similar=t03/);
  await expectAccessible(page);
  await page.reload();
  await expect(pinned).toContainText("Sentence number 3 ");
  await page.getByRole("article").first().getByRole("button", { name: "View JSON" }).click();
  await expect(page.getByRole("dialog")).toContainText('"meaning"');
  await expectAccessible(page);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Back to all records" }).click();
  await expect(page.getByText("9 records")).toBeVisible();
});

test("what the records hold is counted, and every number opens the records behind it", async ({ page, server, signIn }) => {
  await server.log("counted", "TextClassification", topics(6), { labels: TOPICS });
  await signIn("ana");
  await page.goto("/datasets/team/counted?view=list");
  await page.getByRole("article").first().getByRole("button", { name: "sport" }).click();
  await expect(page.getByText("1 validated")).toBeVisible();
  await page.getByRole("button", { name: "Counts" }).click();
  await expect(page.getByRole("list", { name: "Labels given" })).toContainText("sport");
  await expectAccessible(page);
  await page.getByRole("list", { name: "Labels given" }).getByRole("button", { name: /sport/ }).click();
  await expect(page).toHaveURL(/annotated_as=sport/);
  await expect(page.getByText("1 record", { exact: true })).toBeVisible();
});
