import { describe, expect, it } from "vitest";

import { type Asked, changeOf } from "./plan-change";

const asked: Asked = { users: ["ana", "ben"], level: false, from: null, to: null };

describe("a rebalance", () => {
  it("keeps the weights of people who stay", () => {
    const plan = { rules: [{ users: ["ana", { user: "ben", weight: 2 }, "cy"] }] };
    expect(changeOf("rebalance", plan, asked)).toEqual({ verb: "rebalance", users: ["ana", { user: "ben", weight: 2 }], level: false });
  });

  it("names people where the records named theirs themselves", () => {
    const plan = { rules: [{ users: { metadata: "owner" } }] };
    expect(changeOf("rebalance", plan, asked)).toEqual({ verb: "rebalance", users: ["ana", "ben"], level: false });
  });
});
