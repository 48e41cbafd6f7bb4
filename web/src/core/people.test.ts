import { expect, it } from "vitest";

import { drawPassword, isName, namesIn, spoken } from "./people";

it("finds usernames in what people type", () => {
  expect(namesIn(" ana, ben;cy\nana  ")).toEqual(["ana", "ben", "cy"]);
  expect(["ana", "a-1", "Ana", "-a", "a b", ""].map(isName)).toEqual([true, true, false, false, false, false]);
});

it("draws passwords that differ and can be read out", () => {
  expect(drawPassword()).toMatch(/^[a-km-z2-9]{5}(-[a-km-z2-9]{5}){2}$/);
  expect(drawPassword()).not.toBe(drawPassword());
});

it("takes each name once, in the order in which they were written", () => {
  expect(namesIn("ben, ana;ben\tana")).toEqual(["ben", "ana"]);
  expect(namesIn(" ,; \n")).toEqual([]);
});

it("refuses names that are too long", () => {
  expect(isName("a".repeat(200))).toBe(true);
  expect(isName("a".repeat(201))).toBe(false);
});

it("says a username as people write names", () => {
  expect([spoken("ana"), spoken("")]).toEqual(["Ana", ""]);
});
