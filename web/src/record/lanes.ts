/** A line under the words for each span that shares some with another, so that each is seen from its start to its end. */

import type { CSSProperties } from "react";

import type { Span } from "@/core/model";

/** Lanes beyond these would reach into the next line. */
const LANES = 3;
const LINE = 2;
const GAP = 1;

/** A line under the words for each span that shares some with another, from its start to its end. */
export function underlined(spans: readonly Span[], lanes: ReadonlyMap<Span, number>, hue?: (label: string) => number): CSSProperties | undefined {
  const here = spans.flatMap((each) => {
    const lane = lanes.get(each);
    return lane === undefined || lane >= LANES ? [] : [{ lane, label: each.label }];
  });
  if (!here.length) return undefined;
  const deepest = Math.max(...here.map((each) => each.lane));
  const lines = Array.from({ length: deepest + 1 }, (_, lane) => {
    const covering = here.find((each) => each.lane === lane);
    const h = String(hue?.(covering?.label ?? "") ?? 200);
    const colour = covering ? `light-dark(oklch(0.5 0.15 ${h}), oklch(0.78 0.13 ${h}))` : "var(--sheet)";
    const below = lane * (LINE + GAP);
    // shadows lie one behind the other, so that of each only its lowest part is seen
    return [`0 ${String(below + GAP)}px var(--sheet)`, `0 ${String(below + GAP + LINE)}px ${colour}`];
  });
  return { boxShadow: lines.flat().join(", ") };
}
