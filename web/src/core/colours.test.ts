import { expect, it } from "vitest";

import { hueOf, hueOfColour } from "./colours";
import { hexOfHue } from "./hex";

const apart = (one: number, other: number) => Math.min(Math.abs(one - other), 360 - Math.abs(one - other));

it("gives twelve labels hues that can be told apart, neighbours most of all", () => {
  const hues = Array.from({ length: 12 }, (_, at) => hueOf(at));
  for (const [at, hue] of hues.entries()) {
    expect(hue).toBeGreaterThanOrEqual(0);
    expect(hue).toBeLessThanOrEqual(360);
    for (const other of hues.slice(0, at)) expect(apart(hue, other)).toBeGreaterThan(15);
    if (at > 0) expect(apart(hue, hues[at - 1] ?? hue)).toBeGreaterThan(100);
  }
});

it("reads the hue of a colour, and none of what is grey or no colour", () => {
  expect(apart(hueOfColour("#ff0000") ?? 0, 29)).toBeLessThan(3);
  expect(apart(hueOfColour("#00FF00") ?? 0, 142)).toBeLessThan(3);
  expect(apart(hueOfColour("#0000ff") ?? 0, 264)).toBeLessThan(3);
  expect(["#808080", "#000000", "#ffffff", "red", "#fff", ""].map(hueOfColour)).toEqual(Array(6).fill(undefined));
});

it("prints every hue as a colour that a form takes", () => {
  for (let hue = 0; hue < 360; hue += 15) expect(hexOfHue(hue)).toMatch(/^#[0-9a-f]{6}$/);
});
