/** Marking stretches of a text: with the mouse, or word by word with the keyboard. */

import { UnstyledButton } from "@mantine/core";
import { Suspense, useEffect, useId, useRef } from "react";

import type { RecordEdit } from "@/core/edit-session";
import type { Span } from "@/core/model";
import { fitSelection } from "@/core/span-keys";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";
import { frameText } from "@/text/frame";
import { panel } from "@/ui/panel";

import { openSuggestions } from "./answers";
import { useAnnotatorSettings } from "./annotator-settings";
import { LabelPopup } from "./label-popup";
import { MarkedText } from "./marked-text";
import classes from "./record.module.css";
import { spanEdits } from "./span-edits";
import { SpanList } from "./span-list";
import { useCaret } from "./use-caret";
import type { LabelSet } from "./use-labels";
import { useSpanKeys } from "./use-span-keys";
import { useSpanMouse } from "./use-span-mouse";
import { useSpanPopup } from "./use-span-popup";
import { useSpanTaps } from "./use-span-taps";
import { useSpokenSpans } from "./use-spoken-spans";

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

const Handles = panel(() => import("./handles"));
const NONE: readonly Span[] = [];

export function TokenClassification({ edit, labels, active, onChange, onReject, armed, clipped }: Props) {
  const { record, now } = edit;
  const { tokens } = record;
  const text = record.fields[0]?.text ?? "";
  const { hidden } = useAnnotatorSettings();
  const edits = spanEdits(now.value.spans ?? NONE, hidden ? NONE : openSuggestions(edit), { overlapping: labels.overlapping, onChange, onReject });
  const { spans, suggestions } = edits;
  const hint = useId();
  const root = useRef<HTMLDivElement>(null);
  const caret = useCaret(root, tokens);
  const { popup, open, close: hidePopup } = useSpanPopup(root);
  const keyDown = useSpanKeys({ root, text, tokens, labels, caret, edits, onOpen: open });
  const spoken = useSpokenSpans(edit, spans, text);
  const mouse = useSpanMouse({ root, text, tokens, labels, armed, caret, edits, onOpen: open });
  const taps = useSpanTaps({ root, tokens, edits, onMark: (range) => { mouse.mark(range, false); }, onOpen: open });

  useEffect(() => {
    if (active) root.current?.focus({ preventScroll: true });
  }, [active, record.id]);

  function close() {
    hidePopup();
    if (!caret.range()) window.getSelection()?.removeAllRanges();
    root.current?.focus({ preventScroll: true });
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
          onMouseDown={caret.leave}
          onMouseUp={(event) => { if (!taps.isTap(event)) mouse.up(event); }}
          onPointerDown={taps.down}
          onPointerUp={taps.up}
          // the mouse that browsers make of a tap would close the menu that the tap has opened
          onTouchEnd={(event) => { if (taps.isTap(event)) event.preventDefault(); }}
          onKeyDown={keyDown}
        >
          <MarkedText text={text} hits={record.hits} spans={spans} suggestions={suggestions} hue={labels.hue} />
        </div>
        <span id={hint} className="sr-only">
          {t.annotate.textHint} {annotatingText.spans.hint} {labels.characters && annotatingText.spans.characters}
        </span>
        {popup?.span && popup.ends && (
          <Suspense>
            <Handles
              text={() => root.current}
              range={popup.span}
              at={popup.ends}
              hue={labels.hue(popup.span.label)}
              fit={(range) => fitSelection(text, tokens, range, labels.characters)}
              onResize={(range) => {
                if (popup.span) edits.resize(popup.span, range);
                close();
              }}
            />
          </Suspense>
        )}
        {popup && (
          <LabelPopup
            key={`${String(popup.range.start)}-${String(popup.range.end)}`}
            title={t.annotate.labelFor(text.slice(popup.range.start, popup.range.end))}
            labels={labels.options}
            current={popup.span?.label ?? null}
            box={popup.box}
            onPick={(label) => {
              if (popup.span) edits.relabel(popup.span, label);
              else edits.put(popup.range, label);
              close();
            }}
            onRemove={popup.span ? () => { if (popup.span) edits.remove(popup.span); close(); } : null}
            onClose={close}
          />
        )}
      </div>
      {spoken}
      <p className={classes["taps"]} role="status">
        {taps.first ? frameText.taps.last(text.slice(taps.first.start, taps.first.end)) : frameText.taps.how}
        {taps.first && (
          <UnstyledButton className={classes["stop"] ?? ""} onClick={taps.cancel}>
            {t.common.cancel}
          </UnstyledButton>
        )}
      </p>
      <SpanList
        text={text}
        spans={spans}
        suggestions={suggestions}
        hue={labels.hue}
        onOpen={(span) => { open(span, span); }}
        onRemove={edits.remove}
        onAccept={(span) => { edits.put(span, span.label); }}
        onReject={onReject ? (span) => { onReject([span]); } : null}
      />
    </>
  );
}
