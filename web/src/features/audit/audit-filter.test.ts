import { describe, expect, it } from "vitest";

import { narrowed, NO_FILTER, readFilter, withUsualAreas, writeFilter } from "./audit-filter";

describe("the address of the audit log", () => {
  it("leads to the filter and back", () => {
    const filter = { ...NO_FILTER, area: ["people" as const, "answers" as const], who: "ana", from: "2026-11-01", text: "role" };
    expect(readFilter(writeFilter(filter))).toEqual(filter);
    expect(writeFilter(filter)).toMatchObject({ area: "people,answers" });
  });

  it("says nothing where nothing is filtered", () => {
    expect(writeFilter(NO_FILTER)).toEqual({});
    expect(readFilter({})).toEqual(NO_FILTER);
  });

  it("is read with a grain of salt", () => {
    expect(readFilter({ area: ["people", "nonsense,plans"], who: ["a", "b"], nonsense: "x" })).toEqual({ ...NO_FILTER, area: ["people", "plans"] });
    expect(readFilter({ area: "toString" }).area).toEqual([]);
  });
});

it("is narrowed by an area or by any text", () => {
  expect(narrowed(NO_FILTER)).toBe(false);
  expect(narrowed({ ...NO_FILTER, area: ["plans"] })).toBe(true);
  expect(narrowed({ ...NO_FILTER, dataset: "mail" })).toBe(true);
});

it("leaves answers out unless an area or a person is asked for", () => {
  expect(withUsualAreas(NO_FILTER).area).not.toContain("answers");
  expect(withUsualAreas(NO_FILTER).area).toContain("people");
  expect(withUsualAreas({ ...NO_FILTER, area: ["answers"] }).area).toEqual(["answers"]);
  expect(withUsualAreas({ ...NO_FILTER, who: "ana" }).area).toEqual([]);
});
