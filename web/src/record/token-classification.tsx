/** Marking stretches of a text: with the mouse, or word by word with the keyboard. */

import { useEffect, useId, useLayoutEffect, useRef, useState } from "react";

import type { RecordEdit } from "@/core/edit-session";
import { actionOf, keyOf, shiftedDigit } from "@/core/keys";
import type { Span } from "@/core/model";
import { type Range, snap, tokenAt } from "@/core/offsets";
import { byCharacter, byWord, putSpan, relabel, removeSpan, resizeSpan, sameSpan, spansAt } from "@/core/spans";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";
import { useSpoken } from "@/ui/spoken";

import { openSuggestions } from "./answers";
import { useAnnotatorSettings } from "./annotator-settings";
import { Handles } from "./handles";
import { LabelPopup } from "./label-popup";
import { MarkedText } from "./marked-text";
import classes from "./record.module.css";
import { SpanList } from "./span-list";
import { edges, highlight, readSelection, select, selectionBox } from "./text-selection";
import { labelAt, type LabelSet } from "./use-labels";

interface Props {
  readonly edit: RecordEdit;
  readonly labels: LabelSet;
  readonly active: boolean;
  readonly onChange: (spans: readonly Span[]) => void;
  /** Predicted spans are put aside; where nothing is predicted there is nothing to reject. */
  readonly onReject?: (gone: readonly Span[]) => void;
  /** A label that every selection gets at once. */
  readonly armed: string | null;
  readonly clipped?: boolean;
}

/** What the popup is about: a stretch to label, or a span to change. */
interface Popup {
  readonly range: Range;
  readonly span: Span | null;
  readonly box: { left: number; top: number };
  /** Where the ends of the span lie, to be dragged. */
  readonly ends: ReturnType<typeof edges>;
}

const NONE: readonly Span[] = [];

export function TokenClassification({ edit, labels, active, onChange, onReject, armed, clipped }: Props) {
  const { record, now } = edit;
  const text = record.fields[0]?.text ?? "";
  const spans = now.value.spans ?? [];
  const { bindings, hidden } = useAnnotatorSettings();
  const suggestions = hidden ? NONE : openSuggestions(edit);
  const hint = useId();
  const root = useRef<HTMLDivElement>(null);
  const caret = useRef<{ anchor: number; focus: number } | null>(null);
  const [popup, setPopup] = useState<Popup | null>(null);

  useEffect(() => {
    if (active) root.current?.focus({ preventScroll: true });
  }, [active, record.id]);

  // whoever does not see the text hears what became of it
  const { say, place: spoken } = useSpoken();
  const before = useRef({ id: record.id, spans });
  useEffect(() => {
    const was = before.current;
    before.current = { id: record.id, spans };
    if (was.id === record.id && was.spans !== spans) say(changesInWords(was.spans, spans, text));
  });

  // drawing anew replaces the pieces of text that the browser's selection hangs on
  useLayoutEffect(() => {
    const range = caretRange();
    if (range && root.current && document.activeElement === root.current) select(root.current, range);
  });

  // drawn anew with every change of the text, whose pieces it hangs on
  useLayoutEffect(() => {
    if (!popup) return undefined;
    highlight(root.current, popup.range);
    return () => { highlight(null, null); };
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
    setPopup({ range, span, box: selectionBox(root.current, range), ends: span && edges(root.current, range) });
  }

  /** Whole words, unless parts of them are wanted and may be. */
  function fit(selected: Range, parts: boolean): Range | null {
    if (!parts || !labels.characters) return snap(record.tokens, selected);
    const words = text.slice(selected.start, selected.end);
    const start = selected.start + (words.length - words.trimStart().length);
    const end = selected.end - (words.length - words.trimEnd().length);
    return end > start ? { start, end } : null;
  }

  function mouseUp(event: React.MouseEvent) {
    if (!root.current) return;
    const selected = readSelection(root.current);
    if (!selected) return;
    caret.current = null;
    if (selected.end > selected.start) {
      const range = fit(selected, event.altKey);
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
    const range = caretRange();
    if (range && resizeByKey(event, range)) {
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = keyOf(event.nativeEvent);
    const action = actionOf(key, bindings);
    const label = action ? undefined : labelAt(labels.options, shiftedDigit(event.nativeEvent) ?? key);
    if (moveCaret(event.key, event.shiftKey)) event.preventDefault();
    else if (range && label) {
      event.preventDefault();
      labelCaret(range, label.name);
    } else if (range && (event.key === "Delete" || event.key === "Backspace")) {
      event.preventDefault();
      const gone = spansAt(spans, range.start)[0];
      if (gone) onChange(removeSpan(spans, gone));
      else onReject?.(spansAt(suggestions, range.start).slice(0, 1));
    } else if (range && event.key === " ") {
      event.preventDefault();
      const suggested = spansAt(suggestions, range.start)[0];
      if (suggested) put(suggested, suggested.label);
    } else if (range && action === "reject" && spansAt(suggestions, range.start).length) {
      event.preventDefault();
      onReject?.(spansAt(suggestions, range.start).slice(0, 1));
    } else if (range && action === "find-label") {
      event.preventDefault();
      openFor(range, oneToken() ? (spansAt(spans, range.start)[0] ?? null) : null);
    } else if (event.key === "Escape") {
      caret.current = null;
      window.getSelection()?.removeAllRanges();
    }
  }

  /** Alt and arrows move an end of the mark under the caret by a word; `.` and `,` by a character where that may be. */
  function resizeByKey(event: React.KeyboardEvent, range: Range): boolean {
    const span = spansAt(spans, range.start)[0];
    if (!span || event.ctrlKey || event.metaKey) return false;
    const edge = event.shiftKey ? "start" : "end";
    const rtl = root.current !== null && getComputedStyle(root.current).direction === "rtl";
    if (event.altKey && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
      const step = (event.key === "ArrowRight") === rtl ? -1 : 1;
      onChange(resizeSpan(spans, span, byWord(record.tokens, span, edge, step), labels.overlapping));
      return true;
    }
    // with Shift, layouts of keyboards differ in what the two keys give
    const by = ".>:".includes(event.key) ? 1 : ",<;".includes(event.key) ? -1 : null;
    if (!labels.characters || event.altKey || by === null) return false;
    const moved = event.shiftKey || !".,".includes(event.key) ? "start" : "end";
    onChange(resizeSpan(spans, span, byCharacter(text, span, moved, by), labels.overlapping));
    return true;
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
      <div className={classes["textbox"]} data-clipped={(clipped && !popup) || undefined}>
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
          {t.annotate.textHint} {annotatingText.spans.hint} {labels.characters && annotatingText.spans.characters}
        </span>
        {popup?.span && popup.ends && (
          <Handles
            text={() => root.current}
            range={popup.span}
            at={popup.ends}
            hue={labels.hue(popup.span.label)}
            fit={(wanted) => fit(wanted, true)}
            onResize={(range) => {
              if (popup.span) onChange(resizeSpan(spans, popup.span, range, labels.overlapping));
              close();
            }}
          />
        )}
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
      {spoken}
      <SpanList
        text={text}
        spans={spans}
        suggestions={suggestions}
        hue={labels.hue}
        onOpen={(span) => { openFor(span, span); }}
        onRemove={(span) => { onChange(removeSpan(spans, span)); }}
        onAccept={(span) => { put(span, span.label); }}
        onReject={onReject ? (span) => { onReject([span]); } : null}
      />
    </>
  );
}

/** What was marked, changed or removed between two states. */
function changesInWords(was: readonly Span[], now: readonly Span[], text: string): string {
  const words = (each: Span) => text.slice(each.start, each.end);
  const lost = was.filter((each) => !now.some((other) => sameSpan(each, other)));
  const gained = now.filter((each) => !was.some((other) => sameSpan(each, other)));
  const replaced = (each: Span) => gained.some((other) => other.start < each.end && each.start < other.end);
  return [
    ...gained.map((each) => annotatingText.spans.marked(words(each), each.label)),
    ...lost.filter((each) => !replaced(each)).map((each) => annotatingText.spans.unmarked(words(each), each.label)),
  ].join(". ");
}
