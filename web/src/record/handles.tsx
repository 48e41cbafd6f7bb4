/** Two handles at the ends of a span: dragged, they change where it starts or ends. The keyboard has Alt and arrows. */

import { useState } from "react";

import type { Range } from "@/core/offsets";
import { annotatingText } from "@/text/annotating";

import classes from "./handles.module.css";
import { type Edge, edges, positionAt, select } from "./text-selection";

interface Props {
  /** Finds the text; it is only asked for when a handle is dragged. */
  readonly text: () => HTMLElement | null;
  readonly range: Range;
  /** Positions of its ends on the screen. */
  readonly at: { readonly start: Edge; readonly end: Edge };
  readonly hue: number;
  /** The range with an end at this place, on whole words if the dataset wants them. */
  readonly fit: (range: Range) => Range | null;
  readonly onResize: (range: Range) => void;
}

export default function Handles({ text: find, range, at, hue, fit, onResize }: Props) {
  const [places, setPlaces] = useState(at);

  function drag(edge: "start" | "end", event: React.PointerEvent) {
    const text = find();
    if (!text) return;
    event.preventDefault();
    event.stopPropagation();
    let fitted: Range | null = null;
    const over = new AbortController();
    const move = (at: PointerEvent) => {
      const place = positionAt(text, at.clientX, at.clientY);
      if (place === null) return;
      const moved = edge === "start" ? { start: Math.min(place, range.end - 1), end: range.end } : { start: range.start, end: Math.max(place, range.start + 1) };
      fitted = fit(moved);
      if (!fitted) return;
      select(text, fitted);
      const now = edges(text, fitted);
      if (now) setPlaces(now);
    };
    const done = () => {
      over.abort();
      if (fitted) onResize(fitted);
    };
    window.addEventListener("pointermove", move, { signal: over.signal });
    window.addEventListener("pointerup", done, { signal: over.signal });
    window.addEventListener("pointercancel", () => { over.abort(); }, { signal: over.signal });
  }

  return (["start", "end"] as const).map((edge) => (
    <span
      key={edge}
      className={classes["handle"]}
      aria-hidden
      data-edge={edge}
      title={annotatingText.spans.resize}
      style={{ left: places[edge].left, top: places[edge].top, height: places[edge].height, "--h": hue } as React.CSSProperties}
      onMouseDown={(event) => { event.stopPropagation(); }}
      onPointerDown={(event) => { drag(edge, event); }}
    />
  ));
}
