import { expect, it } from "vitest";

import { changesOf, editsSince, type PolicyForm, withChange } from "./policy-form";

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

it("a dataset that becomes shared loses what needs annotations of one's own", () => {
  const own: PolicyForm = { ...SHARED, annotation: "individual", blind: true, resolution: "dawid_skene", required: 3 };
  expect(withChange(own, { annotation: "shared" })).toEqual({ ...SHARED, required: 3 });
});

it("a dataset that is no longer blind stays individual, with its rule", () => {
  const own: PolicyForm = { ...SHARED, annotation: "individual", blind: true, resolution: "unanimous" };
  expect(withChange(own, { blind: false })).toEqual({ ...own, blind: false });
});

it("the rule of a shared dataset is the latest answer, whatever is chosen", () => {
  expect(withChange(SHARED, { resolution: "majority" }).resolution).toBe("latest");
});

it("a change leaves the form before it as it was", () => {
  const before = structuredClone(SHARED);
  withChange(SHARED, { blind: true });
  expect(SHARED).toEqual(before);
});

it("keeps what was changed since it was sent, and what was taken back since", () => {
  const sent = { blind: true, required: 2 };
  expect(editsSince(sent, sent)).toEqual({});
  expect(editsSince(sent, { blind: false, required: 2, skip: "drop" })).toEqual({ blind: false, skip: "drop" });
});
