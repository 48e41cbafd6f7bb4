import { expect, it } from "vitest";

import { changesOf, type PolicyForm, withChange } from "./policy-form";

const SHARED: PolicyForm = { annotation: "shared", blind: false, visibility: "dataset", resolution: "latest", required: 1, annotators_may: ["a", "b"], skip: "drop" };

it("blind work needs annotations of one's own, and each kind has its usual rule", () => {
  const blind = withChange(SHARED, { blind: true });
  expect(blind).toMatchObject({ annotation: "individual", blind: true, resolution: "majority" });
  expect(withChange(blind, { annotation: "shared" })).toEqual(SHARED);
  expect(withChange({ ...blind, resolution: "unanimous" }, { required: 2 }).resolution).toBe("unanimous");
});

it("sends only what differs", () => {
  expect(changesOf(SHARED, { ...SHARED, annotators_may: ["b", "a"] })).toEqual({});
  expect(changesOf(SHARED, withChange(SHARED, { annotation: "individual" }))).toEqual({ annotation: "individual", resolution: "majority" });
});
