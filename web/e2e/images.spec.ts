/** Images of records: at once where loading them tells nobody, else by a click or by a setting. */

import { expect, expectAccessible, PASSWORD, test } from "./journey";
import { portOf, serve } from "./serving";

const SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="180"><rect width="320" height="180" fill="teal"/></svg>';
const OWN = `data:image/svg+xml;base64,${Buffer.from(SQUARE).toString("base64")}`;
const THERE = "https://images.example.org/cat.svg?signed=1";

const record = (id: string, image: string) => ({ id, inputs: { text: `Caption ${id}` }, metadata: { _image_url: image } });

test("an image that tells nobody is shown, one of another host waits for a click", async ({ page, server, signIn }) => {
  const records = [record("a", OWN), record("b", THERE), record("c", "s3://bucket/cat.png"), record("d", "/gone.png")];
  await server.log("captions", "TextClassification", records, { labels: ["cat", "dog"] });
  await server.log("captioned", "TokenClassification", [{ id: "w", text: "A cat", tokens: ["A", "cat"], metadata: { _image_url: OWN } }], { labels: ["cat"] });
  await signIn("ana");
  await page.goto("/datasets/team/captions?view=list");
  const image = page.getByRole("img", { name: "Image of record a" });
  await expect(image).toBeVisible();
  await expect.poll(() => image.evaluate((each: HTMLImageElement) => each.naturalWidth)).toBe(320);
  const link = page.getByRole("article", { name: "Record b" }).getByRole("link", { name: "Open the image" });
  await expect(link).toHaveAttribute("href", THERE);
  await expect(link).toHaveAttribute("target", "_blank");
  await expect(link).toHaveAttribute("rel", "noopener noreferrer");
  await expect(page.getByRole("article", { name: "Record b" })).toContainText("from images.example.org");
  await expect(page.getByRole("article", { name: "Record c" })).toContainText("can’t open the address of this image: s3://bucket/cat.png");
  await expect(page.getByRole("article", { name: "Record d" })).toContainText("couldn’t be loaded");
  await expectAccessible(page);
  await page.goto("/datasets/team/captioned");
  await expect(page.getByRole("img", { name: "Image of record w" })).toBeVisible();
});

test("images of a host that the settings name are shown, without saying from where", async ({ browser }) => {
  process.env["APPORTION_IMAGE_HOSTS"] = "images.example.org";
  const server = await serve(portOf(1)).finally(() => { delete process.env["APPORTION_IMAGE_HOSTS"]; });
  const context = await browser.newContext({ baseURL: server.url });
  try {
    const asked: (string | undefined)[] = [];
    await context.route("https://images.example.org/**", async (route) => {
      asked.push(route.request().headers()["referer"]);
      await route.fulfill({ contentType: "image/svg+xml", body: SQUARE });
    });
    const headers = { "X-Argilla-Api-Key": "admin.apikey" };
    const data = { records: [record("b", THERE), record("e", "https://elsewhere.example.org/dog.svg")] };
    await context.request.post("/api/datasets/captions/TextClassification:bulk?workspace=team", { headers, data });
    await context.request.post("/api/session", { headers: { "X-Apportion": "1" }, data: { username: "admin", password: PASSWORD } });
    const page = await context.newPage();
    await page.goto("/datasets/team/captions?view=list");
    const image = page.getByRole("img", { name: "Image of record b" });
    await expect.poll(() => image.evaluate((each: HTMLImageElement) => each.naturalWidth)).toBe(320);
    expect(asked).toEqual([undefined]);
    await expect(page.getByRole("article", { name: "Record e" }).getByRole("link", { name: "Open the image" })).toBeVisible();
  } finally {
    await context.close();
    await server.stop();
  }
});
