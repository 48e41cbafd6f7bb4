// @vitest-environment jsdom
import { expect, it } from "vitest";

import { ApiError } from "./client";
import { failureOf, isGone } from "./failure";

const refused = (status: number) => new ApiError(status, "Error", "no", {});
const away = new Error("away");

it.each([
  ["nothing was read yet", { data: undefined, error: away }, away],
  ["a later look failed", { data: 1, error: away }, null],
  ["the server had no time for a later look", { data: 1, error: refused(503) }, null],
  ["all went well", { data: 1, error: null }, null],
])("shows the failure or what there is: %s", (_, found, shown) => {
  expect(failureOf(found)).toBe(shown);
});

it.each([403, 404])("shows that it is gone, or not for this person any more: %d", (status) => {
  expect(failureOf({ data: 1, error: refused(status) })).toMatchObject({ status });
  expect(isGone(refused(status))).toBe(true);
});
