/** A manager has a program told what happens: sets a webhook up, sees it fail, and sends again. */

import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { expect, expectAccessible, test, topics } from "./journey";

interface Sent {
  readonly body: string;
  readonly headers: Record<string, string | string[] | undefined>;
}

/** A receiver that refuses as long as it is told to. */
async function receiver() {
  const sent: Sent[] = [];
  const state = { status: 503 };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => { body += part.toString(); });
    request.on("end", () => {
      sent.push({ body, headers: request.headers });
      response.writeHead(state.status).end("said the receiver");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/hook`;
  return { sent, state, url, close: () => { server.closeAllConnections(); server.close(); } };
}

test("a webhook is set up, tried, and sends again what had failed", async ({ page, server, signIn }) => {
  const program = await receiver();
  await server.log("noticed", "TextClassification", topics(3));
  await signIn("admin");
  await page.goto("/people");
  await page.getByRole("link", { name: "Webhooks" }).click();
  await expect(page.getByRole("heading", { name: "No webhooks yet" })).toBeVisible();
  await expect(page.getByRole("combobox", { name: "Workspace" })).toHaveValue("team");
  await expectAccessible(page);

  await page.getByRole("button", { name: "New webhook" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Address").fill("https://ana:secret@example.org/");
  await form.getByRole("button", { name: "New webhook" }).click();
  await expect(form.getByRole("alert")).toContainText("password");
  await form.getByLabel("Address").fill(program.url);
  await form.getByLabel("Description").fill("Tells our model");
  await form.getByRole("button", { name: "New webhook" }).click();
  const shown = page.getByRole("status").filter({ hasText: "Secret of this webhook" });
  const secret = (await shown.locator("code").textContent()) ?? "";
  expect(secret).toMatch(/^whsec_/);
  const card = page.getByRole("region", { name: program.url });
  await expect(card).toContainText("Tells our model · All events");

  await card.getByRole("button", { name: "Send a ping" }).click();
  const table = card.getByRole("table");
  await expect(table.getByRole("row", { name: /ping/ })).toContainText("Failed");
  program.state.status = 200;
  await table.getByRole("button", { name: "Send again: ping" }).click();
  await expect(table.getByRole("row", { name: /ping/ })).toContainText("Delivered");
  expect(new Set(program.sent.map((each) => each.headers["x-apportion-delivery"])).size).toBe(1);
  const { body, headers } = program.sent[1] ?? { body: "", headers: {} };
  const [stamp = "", given] = String(headers["x-apportion-signature"]).split(",");
  expect(given).toBe(`v1=${createHmac("sha256", secret).update(`${stamp.slice(2)}.${body}`).digest("hex")}`);
  await table.getByRole("button", { name: "View ping" }).click();
  await expect(card).toContainText("said the receiver");
  await expectAccessible(page);

  await page.reload();
  await expect(page.getByText(program.url)).toBeVisible();
  await expect(page.getByText(secret)).toBeHidden();
  await card.getByRole("button", { name: "Disable" }).click();
  await expect(card.getByRole("alert")).toContainText("This webhook is disabled");
  await server.ask("admin", "PATCH", "noticed/policies", { required: 2 });
  await card.getByRole("button", { name: "Enable", exact: true }).click();
  await expect.poll(() => program.sent.map((each) => each.headers["x-apportion-event"])).toContain("changed_policies");

  await card.getByRole("button", { name: "Change" }).click();
  await form.getByRole("combobox", { name: "Events" }).fill("subm");
  await page.getByRole("option", { name: "submitted" }).click();
  await page.keyboard.press("Escape");
  await expectAccessible(page);
  await form.getByRole("button", { name: "Save" }).click();
  await expect(card).toContainText("Tells our model · submitted");

  await card.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("heading", { name: "No webhooks yet" })).toBeVisible();

  await page.goto("/audit");
  const events = page.getByRole("list", { name: "Events" }).getByRole("listitem");
  for (const done of ["set up", "changed", "enabled", "disabled", "sent a ping by", "sent a delivery (ping) again by", "deleted"])
    await expect(events.filter({ hasText: `admin ${done} the webhook to 127.0.0.1` })).toHaveCount(1);
  program.close();
});

test("a webhook is set up for the workspace of the address, or not yet: never for the server meanwhile", async ({ page, signIn }) => {
  await signIn("admin");
  let goOn: () => void = () => undefined;
  const held = new Promise<void>((done) => { goOn = done; });
  await page.route("**/api/workspaces*", async (route) => { await held; await route.continue(); });
  await page.goto("/webhooks?workspace=team");
  await expect(page.getByRole("progressbar").first()).toBeVisible();
  await expect(page.getByRole("button", { name: "New webhook" })).toHaveCount(0);
  goOn();
  await page.getByRole("button", { name: "New webhook" }).click();
  await expect(page.getByRole("combobox", { name: "Workspace" })).toHaveValue("team");
  await expect(page.getByRole("dialog").getByLabel("Address")).toBeVisible();
});
