import { chromium } from "@playwright/test";
const [,, user, path, out, width="1280", height="800", scheme="light"] = process.argv;
const base = process.env.BASE ?? "http://localhost:7510";
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
const context = await browser.newContext({ viewport: { width: +width, height: +height }, colorScheme: scheme });
const page = await context.newPage();
page.on("pageerror", e => console.log("ERR", String(e).slice(0, 400)));
page.on("console", m => { if (m.type()==="error") console.log("CON", m.text().slice(0,300)); });
await page.request.post(base + "/api/session", { headers: { "X-Apportion": "1" }, data: { username: user, password: "ten words are better" } });
for (const [n, p] of path.split(",").entries()) {
  await page.goto(base + p);
  await page.waitForTimeout(+(process.env.WAIT ?? 3000));
  await page.screenshot({ path: out.replace("N", n), fullPage: !!process.env.FULL });
}
await browser.close();
