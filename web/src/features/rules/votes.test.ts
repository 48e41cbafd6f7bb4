import { expect, test } from "vitest";

import { votesCode } from "./votes";

const dataset = { workspace: "team", name: 're$&views "x"', task: "TextClassification" } as const;

test("the code for votes has the address and the names of its dataset, and nothing left to fill in but the key", () => {
  for (const [several, matrix] of [[false, "WeakLabels"], [true, "WeakMultiLabels"]] as const) {
    const code = votesCode(dataset, "http://localhost:6900/", several);
    expect(code).toContain('rg.init(api_url="http://localhost:6900", api_key="YOUR API KEY", workspace="team")');
    expect(code).toContain(`weak = ${matrix}("re$&views \\"x\\"")`);
    expect(code).not.toMatch(/__|undefined/);
  }
});
