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
