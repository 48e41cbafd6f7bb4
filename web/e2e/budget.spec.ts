/** What the plan promises in numbers, measured and printed. Nothing here fails because a machine is slow. */

import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import { expect, test, TOPICS, topics } from "./journey";

const TOKENS = 3000;

interface Figure { readonly value: number; readonly slowest: number; readonly unit: "kB" | "ms" }

test("figures: weight of the first route, marks on long texts, from one record to the next", async ({ page, server, signIn }) => {
  const tokens = Array.from({ length: TOKENS }, (_, n) => `word${String(n)}`);
  const text = tokens.join(" ");
  const starts = tokens.map((_, n) => tokens.slice(0, n).reduce((sum, each) => sum + each.length + 1, 0));
  const spans = Array.from({ length: 200 }, (_, n) => {
    const at = n * 15;
    const start = starts[at] ?? 0;
    return { start, end: start + (tokens[at]?.length ?? 0), label: "PER" };
  });
  const long = Array.from({ length: 10 }, (_, n) => ({ id: `long${String(n)}`, text, tokens, annotation: { agent: "x", entities: spans }, status: "Default" }));
  await server.log("long-texts", "TokenClassification", long, { labels: ["PER", "LOC"] });
  const short = Array.from({ length: 10 }, (_, n) => ({ id: `short${String(n)}`, text: tokens.slice(0, 30).join(" "), tokens: tokens.slice(0, 30), status: "Default" }));
  await server.log("short-spans", "TokenClassification", short, { labels: ["PER", "LOC"] });
  await server.log("short-texts", "TextClassification", topics(40), { labels: TOPICS });

  const scripts = new Map<string, number>();
  page.on("response", async (response) => {
    if (new URL(response.url()).pathname.endsWith(".js")) scripts.set(response.url(), gzipSync(await response.body(), { level: 6 }).length);
  });
  const weight = (): Figure => {
    const value = Math.round([...scripts.values()].reduce((sum, each) => sum + each, 0) / 1000);
    return { value, slowest: value, unit: "kB" };
  };
  const figures: Record<string, Figure> = {};

  await page.goto("/login", { waitUntil: "networkidle" });
  figures["JS, gzip: /login"] = weight();
  scripts.clear();
  await signIn("ana");
  await page.goto("/my-work", { waitUntil: "networkidle" });
  figures["JS, gzip: /my-work"] = weight();
  scripts.clear();
  await page.goto("/datasets", { waitUntil: "networkidle" });
  figures["JS, gzip: /datasets"] = weight();
  scripts.clear();
  const began = Date.now();
  await page.goto("/datasets/team/short-texts");
  await expect(page.getByText("Sentence number 0 ")).toBeVisible();
  const usable = Date.now() - began;
  figures["first record usable"] = { value: usable, slowest: usable, unit: "ms" };
  await page.waitForLoadState("networkidle");
  figures["JS, gzip: a dataset"] = weight();

  const painted = (key: string) =>
    page.evaluate(
      (pressed) =>
        new Promise<number>((done) => {
          const start = performance.now();
          const target = document.activeElement ?? document.body;
          target.dispatchEvent(new KeyboardEvent("keydown", { key: pressed, bubbles: true, cancelable: true }));
          requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = () => { done(performance.now() - start); };
            channel.port2.postMessage(null);
          });
        }),
      key,
    );
  const middle = async (keys: string[]): Promise<Figure> => {
    const times: number[] = [];
    for (const key of keys) times.push(await painted(key));
    times.sort((one, other) => one - other);
    return { value: times[Math.floor(times.length / 2)] ?? 0, slowest: times.at(-1) ?? 0, unit: "ms" };
  };
  figures["label → next record painted"] = await middle(Array.from({ length: 15 }, () => "1"));
  await page.goto("/datasets/team/short-spans");
  await expect(page.getByRole("textbox", { name: "Text" })).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  figures["span painted"] = await middle(["1", "2", "1", "2", "1", "2", "1"]);
  await page.goto("/datasets/team/long-texts");
  await expect(page.getByRole("textbox", { name: "Text" })).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  figures["3,000 tokens, 200 spans: mark painted"] = await middle(["1", "2", "1", "2", "1", "2", "1"]);
  figures["3,000 tokens, 200 spans: next record painted"] = await middle(["n", "n", "n", "p", "n", "p"]);

  const file = process.env["APPORTION_FIGURES"];
  if (file) writeFileSync(file, JSON.stringify(figures));
  // eslint-disable-next-line no-console -- the report is the point
  console.table(figures);
  expect(Object.keys(figures)).toHaveLength(9);
});
