/** Between the browser's selection and positions in a text that is cut into pieces. */

import type { Range as TextRange } from "@/core/offsets";

/** Range of the selection in the text of an element; null where it lies elsewhere. */
export function readSelection(root: HTMLElement): TextRange | null {
  const selection = window.getSelection();
  if (!selection || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  if (!root.contains(range.commonAncestorContainer) && range.commonAncestorContainer !== root) {
    if (!range.intersectsNode(root)) return null;
  }
  const start = root.contains(range.startContainer) ? position(root, range.startContainer, range.startOffset) : 0;
  const end = root.contains(range.endContainer)
    ? position(root, range.endContainer, range.endOffset)
    : (root.textContent?.length ?? 0);
  return { start, end };
}

function position(root: HTMLElement, node: Node, offset: number): number {
  const before = document.createRange();
  before.setStart(root, 0);
  before.setEnd(node, offset);
  return before.toString().length;
}

const MARKING = "marking";

/** Shows a stretch as selected while the focus, and with it the browser's own selection, is elsewhere; null ends that. */
export function highlight(root: HTMLElement | null, stretch: TextRange | null): void {
  if (typeof Highlight === "undefined") return;
  if (root && stretch) CSS.highlights.set(MARKING, new Highlight(domRange(root, stretch)));
  else CSS.highlights.delete(MARKING);
}

function domRange(root: HTMLElement, { start, end }: TextRange): Range {
  const range = document.createRange();
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let passed = 0;
  let begun = false;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const length = node.nodeValue?.length ?? 0;
    if (!begun && start < passed + length) {
      range.setStart(node, start - passed);
      begun = true;
    }
    if (end <= passed + length) {
      range.setEnd(node, end - passed);
      return range;
    }
    passed += length;
  }
  return range;
}

/** Selects a stretch of the text. */
export function select(root: HTMLElement, stretch: TextRange, show = false): void {
  const range = domRange(root, stretch);
  const selection = window.getSelection();
  selection?.removeAllRanges();
  selection?.addRange(range);
  if (!show) return;
  const box = range.getBoundingClientRect();
  if (box.top < 130 || box.bottom > window.innerHeight - 80) {
    window.scrollBy({ top: box.top - window.innerHeight / 2 });
  }
}

/** Below which point of the element a popup for this stretch belongs, in pixels of the element. */
export function selectionBox(root: HTMLElement, stretch: TextRange): { left: number; top: number } {
  const boxes = domRange(root, stretch).getClientRects();
  const last = boxes[boxes.length - 1];
  const outer = root.getBoundingClientRect();
  return last ? { left: last.left - outer.left, top: last.bottom - outer.top } : { left: 0, top: 0 };
}

/** The place in the text under a point of the window; null where there is none. */
export function positionAt(root: HTMLElement, x: number, y: number): number | null {
  const found = document.caretPositionFromPoint(x, y);
  if (!found || !root.contains(found.offsetNode)) return null;
  return position(root, found.offsetNode, found.offset);
}

/** Edges of a stretch on the screen, in pixels of the element. */
export function edges(root: HTMLElement, stretch: TextRange): { start: Edge; end: Edge } | null {
  const boxes = domRange(root, stretch).getClientRects();
  const [first, last] = [boxes[0], boxes[boxes.length - 1]];
  if (!first || !last) return null;
  const outer = root.getBoundingClientRect();
  const rtl = getComputedStyle(root).direction === "rtl";
  const at = (box: DOMRect, left: boolean) => ({ left: (left ? box.left : box.right) - outer.left, top: box.top - outer.top, height: box.height });
  return { start: at(first, !rtl), end: at(last, rtl) };
}

export interface Edge {
  readonly left: number;
  readonly top: number;
  readonly height: number;
}
