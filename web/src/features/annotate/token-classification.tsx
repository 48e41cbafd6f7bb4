/** Marking stretches of a text: with the mouse, or word by word with the keyboard. */

import { useEffect, useId, useLayoutEffect, useRef, useState } from "react";

import type { Held } from "@/core/desk";
import { labelNumber } from "@/core/keys";
import type { Span } from "@/core/model";
import { type Range, snap, tokenAt } from "@/core/offsets";
import { putSpan, relabel, removeSpan, spansAt } from "@/core/spans";
import { t } from "@/text/en";

import { openSuggestions } from "./answers";
import { LabelPopup } from "./label-popup";
import { MarkedText } from "./marked-text";
import classes from "./record.module.css";
import { SpanList } from "./span-list";
import { readSelection, select, selectionBox } from "./text-selection";
import type { LabelSet } from "./use-labels";

interface Props {
  readonly held: Held;
  readonly labels: LabelSet;
  readonly active: boolean;
  readonly onChange: (spans: readonly Span[]) => void;
  /** A label that every selection gets at once. */
  readonly armed: string | null;
}

/** What the popup is about: a stretch to label, or a span to change. */
interface Popup {
  readonly range: Range;
  readonly span: Span | null;
  readonly box: { left: number; top: number };
}

export function TokenClassification({ held, labels, active, onChange, armed }: Props) {
  const { record, now } = held;
  const text = record.fields[0]?.text ?? "";
  const spans = now.value.spans ?? [];
  const suggestions = openSuggestions(held);
  const hint = useId();
  const root = useRef<HTMLDivElement>(null);
  const caret = useRef<{ anchor: number; focus: number } | null>(null);
  const [popup, setPopup] = useState<Popup | null>(null);

  useEffect(() => {
    if (active) root.current?.focus({ preventScroll: true });
  }, [active, record.id]);

  // drawing anew replaces the pieces of text that the browser's selection hangs on
  useLayoutEffect(() => {
    const range = caretRange();
    if (range && root.current && document.activeElement === root.current) select(root.current, range);
  });

  function caretRange(): Range | null {
    const at = caret.current;
    if (!at) return null;
    const first = record.tokens[Math.min(at.anchor, at.focus)];
    const last = record.tokens[Math.max(at.anchor, at.focus)];
    return first && last ? { start: first.start, end: last.end } : null;
  }

  function put(range: Range, label: string) {
    onChange(putSpan(spans, { ...range, label }, labels.overlapping));
  }

  function pick(label: string) {
    if (!popup) return;
    if (popup.span) onChange(relabel(spans, popup.span, label));
    else put(popup.range, label);
    close();
  }

  function close() {
    setPopup(null);
    if (!caret.current) window.getSelection()?.removeAllRanges();
    root.current?.focus({ preventScroll: true });
  }

  function openFor(range: Range, span: Span | null) {
    if (!root.current) return;
    setPopup({ range, span, box: selectionBox(root.current, range) });
  }

  function mouseUp() {
    if (!root.current) return;
    const selected = readSelection(root.current);
    if (!selected) return;
    caret.current = null;
    if (selected.end > selected.start) {
      const range = snap(record.tokens, selected);
      if (!range) return;
      select(root.current, range);
      const only = labels.options.length === 1 ? labels.options[0]?.name : undefined;
      const label = armed ?? only;
      if (label) {
        put(range, label);
        window.getSelection()?.removeAllRanges();
      } else openFor(range, null);
      return;
    }
    const span = spansAt(spans, selected.start)[0];
    if (span) {
      openFor(span, span);
      return;
    }
    const suggested = spansAt(suggestions, selected.start)[0];
    if (suggested) put(suggested, suggested.label);
  }

  function keyDown(event: React.KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const range = caretRange();
    const digit = labelNumber(event.key);
    if (moveCaret(event.key, event.shiftKey)) event.preventDefault();
    else if (digit !== undefined && range) {
      event.preventDefault();
      const label = labels.options[digit]?.name;
      if (label) labelCaret(range, label);
    } else if (range && (event.key === "Delete" || event.key === "Backspace")) {
      event.preventDefault();
      const gone = spansAt(spans, range.start)[0];
      if (gone) onChange(removeSpan(spans, gone));
    } else if (range && event.key === " ") {
      event.preventDefault();
      const suggested = spansAt(suggestions, range.start)[0];
      if (suggested) put(suggested, suggested.label);
    } else if (range && event.key.toLowerCase() === "l") {
      event.preventDefault();
      openFor(range, oneToken() ? (spansAt(spans, range.start)[0] ?? null) : null);
    } else if (event.key === "Escape") {
      caret.current = null;
      window.getSelection()?.removeAllRanges();
    }
  }

  function oneToken(): boolean {
    return caret.current !== null && caret.current.anchor === caret.current.focus;
  }

  /** One word inside a span means that span; anything longer is a new one. */
  function labelCaret(range: Range, label: string) {
    const inside = oneToken() ? spansAt(spans, range.start)[0] : undefined;
    if (inside) onChange(relabel(spans, inside, label));
    else put(range, label);
  }

  function moveCaret(key: string, extend: boolean): boolean {
    const last = record.tokens.length - 1;
    if (last < 0 || !root.current) return false;
    const at = caret.current?.focus ?? null;
    const rtl = getComputedStyle(root.current).direction === "rtl";
    const [forward, backward] = rtl ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
    let to: number;
    if (key === forward) to = at === null ? firstVisible() : Math.min(at + 1, last);
    else if (key === backward) to = at === null ? firstVisible() : Math.max(at - 1, 0);
    else if (key === "Home") to = 0;
    else if (key === "End") to = last;
    else if (key === "ArrowDown" || key === "ArrowUp") to = lineAway(at ?? 0, key === "ArrowDown" ? 1 : -1);
    else return false;
    caret.current = { anchor: extend && caret.current ? caret.current.anchor : to, focus: to };
    const range = caretRange();
    if (range) select(root.current, range, true);
    return true;
  }

  function firstVisible(): number {
    const selected = root.current ? readSelection(root.current) : null;
    return selected ? tokenAt(record.tokens, selected.start) : 0;
  }

  /** The word nearest above or below. */
  function lineAway(from: number, step: 1 | -1): number {
    const here = record.tokens[from];
    if (!root.current || !here) return from;
    const start = selectionBox(root.current, here);
    let best = from;
    let line: number | null = null;
    for (let at = from + step; at >= 0 && at < record.tokens.length; at += step) {
      const token = record.tokens[at];
      if (!token) break;
      const box = selectionBox(root.current, token);
      if (Math.abs(box.top - start.top) < 4) continue;
      if (line !== null && Math.abs(box.top - line) > 4) break;
      if (line === null || Math.abs(box.left - start.left) < Math.abs(selectionBox(root.current, record.tokens[best] ?? token).left - start.left)) best = at;
      line = box.top;
    }
    return best;
  }

  return (
    <>
      <div className={classes["textbox"]}>
        <div
          ref={root}
          className={classes["text"]}
          dir="auto"
          role="textbox"
          aria-readonly
          aria-multiline
          aria-label={t.annotate.text}
          aria-describedby={hint}
          tabIndex={0}
          data-spans
          onMouseDown={() => { caret.current = null; }}
          onMouseUp={mouseUp}
          onKeyDown={keyDown}
        >
          <MarkedText text={text} hits={record.hits} spans={spans} suggestions={suggestions} hue={labels.hue} />
        </div>
        <span id={hint} className="sr-only">
          {t.annotate.textHint}
        </span>
        {popup && (
          <LabelPopup
            key={`${String(popup.range.start)}-${String(popup.range.end)}`}
            title={t.annotate.labelFor(text.slice(popup.range.start, popup.range.end))}
            labels={labels.options}
            current={popup.span?.label ?? null}
            box={popup.box}
            onPick={pick}
            onRemove={popup.span ? () => { if (popup.span) onChange(removeSpan(spans, popup.span)); close(); } : null}
            onClose={close}
          />
        )}
      </div>
      <SpanList
        text={text}
        spans={spans}
        suggestions={suggestions}
        hue={labels.hue}
        onOpen={(span) => { openFor(span, span); }}
        onRemove={(span) => { onChange(removeSpan(spans, span)); }}
        onAccept={(span) => { put(span, span.label); }}
      />
    </>
  );
}
