/** Fixtures of the journeys: people signed in, data logged as a notebook would, and a page that must behave. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import AxeBuilder from "@axe-core/playwright";
import { type APIRequestContext, expect, type Page, test as base } from "@playwright/test";

import { portOf, serve } from "./serving";

export { expect };
export const PASSWORD = "ten words are better";
export type Task = "TextClassification" | "TokenClassification" | "Text2Text";
export type Label = string | { name: string; description?: string; shortcut?: string; colour?: string };
export type Wire = Record<string, unknown> & { id: string | number };

export class Server {
  constructor(private readonly request: APIRequestContext) {}

  private options(as: string, data?: unknown) {
    return { headers: { "X-Argilla-Api-Key": `${as}.apikey`, "Content-Type": "application/json" }, ...(data === undefined ? {} : { data }) };
  }

  async log(name: string, task: Task, records: readonly Wire[], more: { labels?: Label[]; tags?: Record<string, string>; as?: string; workspace?: string; overlapping?: boolean } = {}) {
    const as = more.as ?? "admin";
    const workspace = more.workspace ?? "team";
    const reply = await this.request.post(`/api/datasets/${name}/${task}:bulk?workspace=${workspace}`, this.options(as, { records, tags: more.tags ?? {} }));
    expect(reply.status(), await reply.text()).toBe(200);
    if (!more.labels) return;
    const schema = { label_schema: { labels: more.labels }, allow_overlapping_spans: more.overlapping ?? false };
    const saved = await this.request.patch(`/api/datasets/${name}/${task}/settings?workspace=${workspace}`, this.options(as, schema));
    expect(saved.status(), await saved.text()).toBe(200);
  }

  /** A workspace of somebody's own. */
  async workspaceOf(username: string) {
    const people = (await (await this.request.get("/api/users", this.options("admin"))).json()) as { id: string; username: string }[];
    const made = await this.request.post("/api/workspaces", this.options("admin", { name: username }));
    expect(made.ok(), await made.text()).toBe(true);
    const { id } = (await made.json()) as { id: string };
    const person = people.find((each) => each.username === username)?.id ?? "";
    const joined = await this.request.post(`/api/workspaces/${id}/users/${person}`, this.options("admin"));
    expect(joined.ok(), await joined.text()).toBe(true);
  }

  /** Asks a route of a dataset as somebody. */
  async ask(as: string, method: string, path: string, data?: unknown): Promise<Record<string, unknown>> {
    const reply = await this.request.fetch(`/api/datasets/${path}?workspace=team`, { method, ...this.options(as, data) });
    expect(reply.status(), await reply.text()).toBe(200);
    return (await reply.json()) as Record<string, unknown>;
  }

  /** Shares a dataset out by one rule. */
  async assign(name: string, rule: Record<string, unknown>, more: Record<string, unknown> = {}) {
    return this.ask("admin", "POST", `${name}/assignments`, { rules: [rule], seed: 7, ...more });
  }

  /** Somebody's own annotation. */
  async mine(as: string, name: string, id: string) {
    return this.ask(as, "GET", `${name}/records/${encodeURIComponent(id)}/annotations/me`);
  }

  async answer(as: string, name: string, id: string, label: string, version = 0) {
    const data = { value: { labels: [{ class: label }] }, state: "submitted", version };
    return this.ask(as, "PUT", `${name}/records/${encodeURIComponent(id)}/annotations/me`, data);
  }

  async create(name: string, task: Task) {
    await this.request.post("/api/datasets", this.options("admin", { name, task, workspace: "team" }));
  }

  async record(name: string, id: string): Promise<Record<string, unknown>> {
    const reply = await this.request.get(`/api/datasets/${name}/records/${encodeURIComponent(id)}?workspace=team`, this.options("admin"));
    return (await reply.json()) as Record<string, unknown>;
  }

  async status(name: string, id: string): Promise<unknown> {
    return (await this.record(name, id))["status"];
  }
}

interface Fixtures {
  server: Server;
  signIn: (username: string) => Promise<void>;
}

export const test = base.extend<Fixtures, { servedFor: string; served: string }>({
  /** Files with a name of their own here begin with an untouched server; all others share one per worker. */
  servedFor: ["", { scope: "worker", option: true }],
  served: [
    async ({ servedFor }, provide) => {
      void servedFor; // another name, another server
      const server = await serve(portOf(0));
      await provide(server.url);
      await server.stop();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ served }, provide) => {
    await provide(served);
  },
  server: async ({ request }, provide) => {
    await provide(new Server(request));
  },
  signIn: async ({ page }, provide) => {
    await provide(async (username) => {
      const headers = { "X-Apportion": "1" };
      const reply = await page.request.post("/api/session", { headers, data: { username, password: PASSWORD } });
      expect(reply.status()).toBe(200);
    });
  },
  page: async ({ page, baseURL }, provide) => {
    const wrong: string[] = [];
    page.on("pageerror", (failure) => wrong.push(String(failure)));
    page.on("console", (message) => {
      if (/Content Security Policy/i.test(message.text())) wrong.push(message.text());
    });
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith("http") && url.origin !== new URL(baseURL ?? "").origin) wrong.push(`asked ${url.origin}`);
    });
    await slowDown(page);
    await provide(page);
    expect(wrong).toEqual([]);
  },
});

/**
 * Emulate a weak computer far from the server, with SLOW_JOURNEYS=3 in the environment: a third of the speed, and replies
 * that come up to 300 ms later and in any order. Finds what is lost when somebody is faster than the page.
 */
async function slowDown(page: Page) {
  const factor = Number(process.env["SLOW_JOURNEYS"] ?? 1);
  if (factor <= 1) return;
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: factor });
  await page.route("**/api/**", async (route) => {
    await new Promise((done) => setTimeout(done, Math.random() * factor * 100));
    await route.continue().catch(() => undefined); // the page may be gone
  });
}

/**
 * Go to an address within the app, as its links do, and wait until all of the page is there: loading the app anew costs
 * more than most looks at a page.
 */
export async function navigate(page: Page, address: string) {
  const shown = await page.evaluate(async (href) => {
    const router = window.__TSR_ROUTER__;
    await router?.navigate({ href });
    return router?.state.resolvedLocation?.href;
  }, address);
  expect(shown).toBe(address);
  // what it asks for begins once it is drawn: until then nothing says that something is missing
  await twoFrames(page);
  await expect(page.locator(".mantine-Skeleton-root:visible")).toHaveCount(0);
  await standsStill(page);
}

const twoFrames = (page: Page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** Wait until nothing in the page has changed for a tenth of a second; not longer than three, for what never stands still. */
async function standsStill(page: Page) {
  await page.evaluate(() => new Promise<void>((done) => {
    const end = () => { watch.disconnect(); done(); };
    let still = setTimeout(end, 100);
    const watch = new MutationObserver(() => { clearTimeout(still); still = setTimeout(end, 100); });
    watch.observe(document, { subtree: true, childList: true, attributes: true });
    setTimeout(end, 3000);
  }));
  await twoFrames(page);
}

/** Source of axe, minified: it is read anew by every page, and the usual one is twice as long. */
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Nothing that axe knows to be an obstacle, in light and in dark. */
export async function expectAccessible(page: Page) {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    expect(await obstacles(page, colorScheme), colorScheme).toEqual([]);
  }
}

async function obstacles(page: Page, colorScheme: "light" | "dark") {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  await standsStill(page); // on a busy machine a part may still be drawn, or change, while axe looks
  await page.evaluate(async () => {
    const ending = document.getAnimations().filter((each) => each.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((each) => each.finished)); // colours that fade over
  });
  // Within the page, put there once, and about what is wrong alone: each of these cost more than looking itself
  const there = await page.evaluate(() => "axe" in window);
  const axe = new AxeBuilder({ page, axeSource: there ? "void 0" : AXE }).setLegacyMode();
  axe.options({ resultTypes: ["violations"], preload: false });
  // the page is the same in the dark, only its colours are not
  const found = await (colorScheme === "light" ? axe.withTags(tags) : axe.withRules(["color-contrast"])).analyze();
  return found.violations.map((each) => ({ rule: each.id, where: each.nodes.map((node) => `${node.target.join(" ")}: ${node.failureSummary ?? ""}`) }));
}

export const TOPICS = ["sport", "politics", "science"];

export function topics(count: number): Wire[] {
  return Array.from({ length: count }, (_, n) => ({
    id: `t${String(n).padStart(2, "0")}`,
    inputs: { text: `Sentence number ${String(n)} about something.` },
    prediction: { agent: "guess", labels: [{ class: TOPICS[n % 3], score: 0.8 }, { class: TOPICS[(n + 1) % 3], score: 0.2 }] },
    metadata: { user: ["ana", "ben", "cy"][n % 3], number: n },
  }));
}

export function entities(): Wire[] {
  return [
    {
      id: "e0",
      text: "😀 Ada met Charles in London.",
      tokens: ["😀", "Ada", "met", "Charles", "in", "London", "."],
      prediction: { agent: "tagger", entities: [{ start: 2, end: 5, label: "PER", score: 0.9 }, { start: 21, end: 27, label: "ORG", score: 0.4 }] },
    },
    { id: "e1", text: "مرحبا Ada في لندن", tokens: ["مرحبا", "Ada", "في", "لندن"] },
    { id: "e2", text: "Grace wrote COBOL.", tokens: ["Grace", "wrote", "COBOL", "."] },
  ];
}
