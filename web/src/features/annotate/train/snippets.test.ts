import { expect, test } from "vitest";

import { snippetsOf } from "./snippets";

const dataset = { workspace: "team", name: "re$&views", task: "TextClassification" } as const;

test("a snippet has the names of its dataset, and nothing left to fill in but the key", () => {
  for (const task of ["TextClassification", "TokenClassification", "Text2Text"] as const) {
    for (const several of [false, true]) {
      const found = snippetsOf({ ...dataset, task }, "http://localhost:6900/", several);
      expect(found.length).toBeGreaterThan(0);
      for (const { code } of found) {
        expect(code).toContain('rg.init(api_url="http://localhost:6900", api_key="YOUR API KEY", workspace="team")');
        expect(code).toContain('rg.load("re$&views")');
        expect(code).not.toMatch(/__|undefined/);
      }
    }
  }
});

test("texts of several labels are trained otherwise", () => {
  const [one, many] = [false, true].map((several) => snippetsOf(dataset, "http://a", several));
  expect(one?.map((each) => each.library)).toEqual(many?.map((each) => each.library));
  expect(one?.[0]?.code).toContain('pipeline=["textcat"]');
  expect(many?.[0]?.code).toContain('pipeline=["textcat_multilabel"]');
  for (const at of [1, 2, 3]) expect(many?.[at]?.code).toContain("binarized_label");
});
