/** Every page, in light and in dark, as axe sees it; dialogs have this in their own journeys. */

import { entities, expect, expectAccessible, navigate, type Server, test, TOPICS, topics } from "./journey";
import { patience } from "./patience";

test.use({ servedFor: "accessible" });

const DATASET = "/datasets/team/every-page";
const OF_LEADERS = ["/team", "/datasets", "/datasets?q=nothing-like-this", "/datasets/new", "/people", "/webhooks", "/audit", "/user-settings", "/nothing-here", "/datasets/team/not-there"];
const PARTS = ["", "?view=list", "?record=t03", "/team", "/review", "/review?show=settled", "/agreement", "/rules", "/settings"];
const OTHER_TASKS = ["names", "words"].flatMap((name) => ["", "?view=list", "/settings"].map((part) => `/datasets/team/every-page-${name}${part}`));
const OF_ANNOTATORS = ["/my-work", "/datasets", DATASET, `${DATASET}?view=queue`, `${DATASET}/review`, "/team", "/user-settings"];

async function fill(server: Server) {
  await server.log("every-page", "TextClassification", topics(9), { labels: TOPICS, tags: { project: "winter" } });
  await server.log("every-page-names", "TokenClassification", entities(), { labels: ["PER", "ORG"] });
  await server.log("every-page-words", "Text2Text", [{ id: "w0", text: "A text to be written anew." }]);
  await server.ask("admin", "PUT", "every-page/guidelines", { text: "# Topics\n\nMark **what it is about**." });
  await server.assign("every-page", { users: ["ana", "ben"], overlap: "all" });
  for (const id of ["t00", "t01", "t02"]) {
    await server.answer("ana", "every-page", id, "sport");
    await server.answer("ben", "every-page", id, id === "t00" ? "science" : "sport");
  }
}

test("every page can be read and used, in light and in dark", async ({ page, server, signIn }) => {
  test.setTimeout(patience(240_000));
  await fill(server);
  for (const [who, addresses] of [["admin", [...OF_LEADERS, ...PARTS.map((part) => DATASET + part), ...OTHER_TASKS]], ["ana", OF_ANNOTATORS]] as const) {
    await signIn(who);
    await page.goto("/");
    for (const address of addresses)
      await test.step(`${who} ${address}`, async () => {
        await navigate(page, address);
        await expect(page.getByRole("heading", { level: 1 })).toHaveCount(1);
        await expectAccessible(page);
      });
  }
});
