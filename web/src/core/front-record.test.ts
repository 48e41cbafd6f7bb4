import { describe, expect, it } from "vitest";

import { frontAt, frontWithout, placeOf } from "./front-record";

const IDS = ["a", "b", "c"];

describe("the record in front", () => {
  it("is the first at the beginning, and where the one that was named is not there", () => {
    expect(placeOf(IDS, null)).toBe(0);
    expect(placeOf(IDS, "z")).toBe(0);
    expect(placeOf([], "a")).toBe(0);
  });

  it("stays the same one when others come in before it", () => {
    expect(placeOf(IDS, "b")).toBe(1);
    expect(placeOf(["x", "y", ...IDS], "b")).toBe(3);
  });

  it("after the last one is whatever is read next", () => {
    const front = frontAt(IDS, 3);
    expect(placeOf(IDS, front)).toBe(3);
    expect([...IDS, "d"][placeOf([...IDS, "d"], front)]).toBe("d");
    expect(placeOf(["b", "d"], front)).toBe(2); // the list was read anew without the last one
  });
});

describe("going to a place", () => {
  it("names the record there", () => {
    expect([0, 1, 2].map((place) => frontAt(IDS, place))).toEqual(IDS);
  });

  it("stops at the first one, and behind the last", () => {
    expect(frontAt(IDS, -1)).toBe("a");
    expect(frontAt(IDS, 9)).toEqual({ after: "c" });
    expect(frontAt([], 1)).toBeNull();
  });
});

describe("when the record in front goes", () => {
  it("the next one is in front", () => {
    expect(frontWithout(IDS, 0)).toBe("b");
    expect(frontWithout(IDS, 1)).toBe("c");
  });

  it("what is read next is, after the last", () => {
    const front = frontWithout(IDS, 2);
    expect(placeOf(["a", "b", "d"], front)).toBe(2);
    expect(frontWithout(["a"], 0)).toBeNull();
  });
});
