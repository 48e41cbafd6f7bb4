/** Whatever takes the page away, at any moment: nothing that was typed, marked or chosen is lost, and nobody was told that it was saved. */

import type { BrowserContext, Page, Request } from "@playwright/test";

import { expect, type Label, type Task, test, type Wire } from "./journey";

const own = { annotation: "individual", blind: true };
const TEXT = "Half a thought";
const AFTER = [0, 100, 300];

/** Work begun on a record by the first key and by those after it, and a check that it is there again. */
interface Work {
  readonly task: Task;
  readonly labels?: Label[];
  readonly record: Omit<Wire, "id">;
  readonly first: (page: Page) => Promise<void>;
  readonly more: (page: Page) => Promise<void>;
  readonly there: (page: Page) => Promise<void>;
}

const field = (page: Page) => page.getByRole("textbox", { name: "Your text" });
const keys = async (page: Page, ...all: string[]) => { for (const each of all) await page.keyboard.press(each); };

const WORKS: Record<string, Work> = {
  text: {
    task: "Text2Text",
    record: { text: "Something long." },
    first: async (page) => {
      await field(page).click();
      await keys(page, TEXT[0] ?? "");
    },
    more: (page) => page.keyboard.type(TEXT.slice(1), { delay: 10 }),
    there: (page) => expect(field(page)).toHaveValue(TEXT),
  },
  spans: {
    task: "TokenClassification",
    labels: ["PER", "LOC"],
    record: { text: "Ana met Ben", tokens: ["Ana", "met", "Ben"] },
    first: async (page) => {
      await expect(page.getByRole("textbox", { name: "Text" })).toBeFocused();
      await keys(page, "ArrowRight", "1");
    },
    more: (page) => keys(page, "ArrowRight", "2"),
    there: (page) => expect(page.getByRole("list", { name: "Marked spans" }).getByRole("listitem")).toHaveText([/Ana\s*PER/, /met\s*LOC/]),
  },
  labels: {
    task: "TextClassification",
    labels: ["one", "two"],
    record: { inputs: { text: "Both." }, multi_label: true },
    first: (page) => keys(page, "1"),
    more: (page) => keys(page, "2"),
    there: (page) => expect(page.getByRole("group", { name: "Labels" }).getByRole("button", { pressed: true })).toHaveText([/one/, /two/]),
  },
};

/** Ways to leave; each returns the tab to go on in. */
const LEAVING: Record<string, (page: Page, context: BrowserContext) => Promise<Page>> = {
  reload: async (page) => {
    await page.reload();
    return page;
  },
  "going elsewhere": async (page) => {
    await page.goto("/my-work");
    return page;
  },
  "closing the tab": async (page, context) => {
    await page.close();
    return context.newPage();
  },
  "a crash of the tab": async (page, context) => {
    await page.goto("chrome://crash").catch(() => undefined); // it does
    await page.close();
    return context.newPage();
  },
};

/** Writes down all that the head says. */
const listen = () => {
  const shown: string[] = [];
  Object.assign(window, { shown });
  new MutationObserver(() => {
    const words = document.querySelector("header [role=status]")?.textContent ?? "";
    if (words !== shown.at(-1)) shown.push(words);
  }).observe(document, { subtree: true, childList: true, characterData: true });
};

/** Every way at every moment; where drafts go to the server too, each way at one of them. */
const WAYS = {
  shared: Object.entries(LEAVING).flatMap(([way, leave]) => AFTER.map((after) => ({ way, leave, after }))),
  individual: Object.entries(LEAVING).map(([way, leave], n) => ({ way, leave, after: AFTER[n % AFTER.length] ?? 0 })),
};

for (const [kind, ways] of Object.entries(WAYS)) {
  const individual = kind === "individual";
  for (const [what, work] of Object.entries(WORKS)) {
    test(`${what} survive ${Object.keys(LEAVING).join(", ")} at any moment, ${kind}`, async ({ page: first, context, server, signIn }) => {
      test.slow(); // a dozen visits
      const name = `kept-${what}-${kind}`;
      await server.log(name, work.task, ways.map((_, n) => ({ id: `d${String(n)}`, ...work.record })), work.labels ? { labels: work.labels } : {});
      if (individual) await server.ask("admin", "PATCH", `${name}/policies`, own);
      await signIn("ana");
      await context.addInitScript(listen);
      // nothing arrives meanwhile, so "saved" would not be true
      const saving = /\/annotations\/me(\?|$)/;
      let page = first;
      for (const [n, { way, leave, after }] of ways.entries()) {
        await test.step(`${way} after ${String(after)} ms`, async () => {
          const held = page;
          await held.route(saving, (route) => (route.request().method() === "PUT" ? undefined : route.continue()));
          await page.goto(`/datasets/team/${name}?record=d${String(n)}`);
          await expect(page.getByRole("article")).toBeVisible();
          await work.first(page);
          await expect(page.getByText("Not saved yet")).toBeVisible();
          await work.more(page);
          await page.waitForTimeout(after);
          const shown = await page.evaluate(() => (window as unknown as { shown: string[] }).shown.splice(0));
          // before that, what the last step had sent may have been found to have arrived
          const since = shown.slice(shown.indexOf("Not saved yet"));
          expect(since.filter((each) => /saved/i.test(each) && each !== "Not saved yet")).toEqual([]);
          page = await leave(page, context);
          if (page === held) await page.unroute(saving);
          if (!page.url().includes("record=")) await page.goto(`/datasets/team/${name}?record=d${String(n)}`);
          await work.there(page);
        });
      }
      if (individual) await expect.poll(async () => (await server.mine("ana", name, "d0"))["state"]).toBe("draft");
    });
  }
}

test("what a closed tab had sent and what was typed after it are one answer, however late the first arrives", async ({ page, context, server, signIn }) => {
  await server.log("late", "Text2Text", [{ id: "1", text: "Something long." }]);
  await server.ask("admin", "PATCH", "late/policies", own);
  await signIn("ana");
  const saving = /\/annotations\/me(\?|$)/;
  const sent: Request[] = [];
  await page.route(saving, (route) => (route.request().method() === "PUT" ? void sent.push(route.request()) : route.continue()));
  await page.goto("/datasets/team/late?record=1");
  await field(page).fill("Half");
  await expect.poll(() => sent.length).toBe(1);
  await field(page).fill(TEXT);
  await page.waitForTimeout(500); // the later draft waits for the reply to the first
  await page.close();
  const [first] = sent;

  const next = await context.newPage();
  await next.route(saving, async (route) => {
    const late = route.request().method() === "PUT" && sent.pop();
    if (late) expect((await context.request.fetch(late)).status()).toBe(200);
    await route.continue();
  });
  await next.goto("/datasets/team/late?record=1");
  await expect.poll(async () => (await server.mine("ana", "late", "1"))["value"]).toMatchObject({ sentences: [{ text: TEXT }] });
  expect(first?.postDataJSON()).toMatchObject({ version: 0, value: { sentences: [{ text: "Half" }] } });
  await expect(field(next)).toHaveValue(TEXT);
  await expect(next.getByText("1 answer not saved")).toBeHidden();
});
