import { describe, expect, it, vi } from "vitest";

import type { Span } from "@/core/model";
import { spanOf } from "@/testing/records";

import { spanEdits } from "./span-edits";

const ADA = spanOf(0, 3);
const BEN = spanOf(8, 11);

function open({ spans = [ADA], suggestions = [BEN], overlapping = false }: { spans?: Span[]; suggestions?: Span[]; overlapping?: boolean } = {}) {
  const onChange = vi.fn<(spans: readonly Span[]) => void>();
  const onReject = vi.fn<(gone: readonly Span[]) => void>();
  return { edits: spanEdits(spans, suggestions, { overlapping, onChange, onReject }), onChange, onReject };
}

describe("edits of spans", () => {
  it("put a span in the order of the text, over what it covers unless spans may overlap", () => {
    const { edits, onChange } = open();
    edits.put({ start: 0, end: 7 }, "ORG");
    expect(onChange).toHaveBeenCalledWith([spanOf(0, 7, "ORG")]);
    const both = open({ overlapping: true });
    both.edits.put({ start: 0, end: 7 }, "ORG");
    expect(both.onChange).toHaveBeenCalledWith([ADA, spanOf(0, 7, "ORG")]);
  });

  it("change the label, the ends, or remove the span", () => {
    const { edits, onChange } = open();
    edits.relabel(ADA, "LOC");
    edits.resize(ADA, { start: 0, end: 7 });
    edits.remove(ADA);
    expect(onChange.mock.calls).toEqual([[[spanOf(0, 3, "LOC")]], [[spanOf(0, 7)]], [[]]]);
  });

  it("take over a prediction without its score, which is the model's and not the annotator's", () => {
    const { edits, onChange } = open({ suggestions: [{ ...BEN, score: 0.5 }] });
    edits.acceptAt(9);
    expect(onChange).toHaveBeenCalledWith([ADA, BEN]);
  });

  it("reject the shortest prediction at a position", () => {
    const { edits, onReject } = open({ suggestions: [spanOf(4, 11), BEN] });
    edits.rejectAt(9);
    expect(onReject).toHaveBeenCalledWith([BEN]);
  });

  it("remove what was marked before they reject what is predicted", () => {
    const { edits, onChange, onReject } = open({ suggestions: [ADA, BEN] });
    edits.removeAt(1);
    expect(onChange).toHaveBeenCalledWith([]);
    expect(onReject).not.toHaveBeenCalled();
    edits.removeAt(9);
    expect(onReject).toHaveBeenCalledWith([BEN]);
  });

  it("leave no step to undo where there is nothing", () => {
    const { edits, onChange, onReject } = open();
    edits.acceptAt(5);
    edits.rejectAt(5);
    edits.removeAt(5);
    expect(onChange).not.toHaveBeenCalled();
    expect(onReject).not.toHaveBeenCalled();
  });
});
