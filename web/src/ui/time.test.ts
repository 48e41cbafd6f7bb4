import { expect, it } from "vitest";

import { ago, readTime } from "./time";

it("takes times for UTC unless they say otherwise", () => {
  for (const text of ["2026-11-25T12:00:00", "2026-11-25T12:00:00Z", "2026-11-25T14:00:00+02:00", "2026-11-25T06:30:00-0530"]) {
    expect(readTime(text).toISOString()).toBe("2026-11-25T12:00:00.000Z");
  }
});

it("says how long ago something was in the largest unit that fits", () => {
  const now = Date.parse("2026-11-25T12:00:00Z");
  const before = (seconds: number) => ago(new Date(now - seconds * 1000), now);
  expect(before(20)).toBe("just now");
  expect(before(100)).toBe("2 minutes ago");
  expect(before(3_600)).toBe("1 hour ago");
  expect(before(86_400)).toBe("yesterday");
  expect(before(14 * 86_400)).toBe("2 weeks ago");
  expect(before(-7_200)).toBe("in 2 hours");
});
