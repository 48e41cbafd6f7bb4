import { expect, it } from "vitest";

import { Stopwatch } from "./stopwatch";

it("counts only the time a record was in front of somebody who looked", () => {
  let now = 0;
  const watch = new Stopwatch(() => now);
  watch.front("a");
  now = 2_000;
  watch.pause();
  now = 60_000;
  watch.resume();
  now = 61_000;
  watch.front("b");
  now = 62_500;
  expect(watch.secondsOf("a")).toBe(3);
  expect(watch.secondsOf("b")).toBe(1.5);
  watch.front("a");
  now = 63_500;
  expect(watch.secondsOf("a")).toBe(4);
});

it("counts nothing while no record is in front, nor for one that never was", () => {
  let now = 0;
  const watch = new Stopwatch(() => now);
  watch.front("a");
  now = 1_000;
  watch.front(null);
  now = 9_000;
  expect(watch.secondsOf("a")).toBe(1);
  expect(watch.secondsOf("b")).toBe(0);
});

it("goes on counting when it is resumed twice, and stays stopped when it is paused twice", () => {
  let now = 0;
  const watch = new Stopwatch(() => now);
  watch.front("a");
  now = 1_000;
  watch.resume();
  now = 2_000;
  watch.pause();
  now = 5_000;
  watch.pause();
  expect(watch.secondsOf("a")).toBe(2);
});

it("tells its visit from others", () => {
  expect(new Stopwatch().visit).not.toBe(new Stopwatch().visit);
});
