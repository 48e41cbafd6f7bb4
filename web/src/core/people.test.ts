import { expect, it } from "vitest";

import { drawPassword, isName, namesIn } from "./people";

it("finds usernames in what people type", () => {
  expect(namesIn(" ana, ben;cy\nana  ")).toEqual(["ana", "ben", "cy"]);
  expect(["ana", "a-1", "Ana", "-a", "a b", ""].map(isName)).toEqual([true, true, false, false, false, false]);
});

it("draws passwords that differ and can be read out", () => {
  expect(drawPassword()).toMatch(/^[a-km-z2-9]{5}(-[a-km-z2-9]{5}){2}$/);
  expect(drawPassword()).not.toBe(drawPassword());
});
