// @vitest-environment jsdom
import { render } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import type { Span } from "@/core/model";
import { spanOf } from "@/testing/records";

import { MarkedText, unbroken } from "./marked-text";

describe("a text with marks", () => {
  const TEXT = "Ada met Ben in Turin and Cy in Rome";
  const shown = (spans: readonly Span[]) => <p><MarkedText text={TEXT} hits={[]} spans={spans} /></p>;

  it("keeps every piece that a new mark does not cut", () => {
    const later = [spanOf(15, 20), spanOf(25, 27), spanOf(31, 35)];
    const { container, rerender } = render(shown(later));
    const before = [...(container.firstElementChild?.childNodes ?? [])];
    const words = before.map((each) => each.textContent);
    rerender(shown([spanOf(4, 7), ...later]));
    const after = [...(container.firstElementChild?.childNodes ?? [])];
    expect(container.textContent).toBe(TEXT);
    // all but the first piece, which is shorter now
    expect(after.slice(3).every((each, at) => each === before[at + 1])).toBe(true);
    expect(after.slice(3).map((each) => each.textContent)).toEqual(words.slice(1));
  });

  it("writes labels so that no line ends within one", () => {
    expect(unbroken("B-PER · first name")).toBe("B\u2011PER\u00a0·\u00a0first\u00a0name");
    expect(unbroken("PER")).toBeUndefined();
  });
});
