/** The same spans as an ordinary list, for whoever cannot see or point at the text. */

import { UnstyledButton } from "@mantine/core";
import { IconCheck, IconX } from "@tabler/icons-react";
import { useState } from "react";

import type { Span } from "@/core/model";
import { annotatingText } from "@/text/annotating";
import { n, t } from "@/text/en";
import { percentOf } from "@/text/format";

import classes from "./span-list.module.css";

const FEW = 24;

interface Props {
  readonly text: string;
  readonly spans: readonly Span[];
  readonly suggestions: readonly Span[];
  readonly hue: (label: string) => number;
  readonly onOpen: (span: Span) => void;
  readonly onRemove: (span: Span) => void;
  readonly onAccept: (span: Span) => void;
  readonly onReject: ((span: Span) => void) | null;
}

export function SpanList({ text, spans, suggestions, hue, onOpen, onRemove, onAccept, onReject }: Props) {
  const [all, setAll] = useState(false);
  const items = [
    ...spans.map((span) => ({ span, open: false })),
    ...suggestions.map((span) => ({ span, open: true })),
  ].sort((one, other) => one.span.start - other.span.start);
  const shown = all ? items : items.slice(0, FEW);
  const words = (span: Span) => text.slice(span.start, span.end);
  if (!items.length) return null;
  return (
    <ul className={classes["list"]} aria-label={t.annotate.spans}>
      {shown.map(({ span, open }) => (
        <li
          key={`${String(span.start)}-${String(span.end)}-${span.label}-${String(open)}`}
          className={classes["item"]}
          data-open={open || undefined}
          style={{ "--h": hue(span.label) } as React.CSSProperties}
        >
          <UnstyledButton
            className={classes["words"] ?? ""}
            onClick={() => { (open ? onAccept : onOpen)(span); }}
          >
            <span className="sr-only">{open ? t.annotate.acceptSpan : t.annotate.changeSpan}</span>
            <span className={classes["text"]}>{words(span)}</span> <b>{span.label}</b>
            {open && span.score !== undefined && <span> {percentOf(span.score)}</span>}
            {open && <IconCheck size={13} aria-hidden />}
          </UnstyledButton>
          {(!open || onReject) && (
            <UnstyledButton
              className={classes["remove"] ?? ""}
              aria-label={(open ? annotatingText.spans.rejectSpan : t.annotate.removeSpan)(words(span), span.label)}
              onClick={() => { (open ? onReject : onRemove)?.(span); }}
            >
              <IconX size={13} aria-hidden />
            </UnstyledButton>
          )}
        </li>
      ))}
      {items.length > FEW && (
        <li>
          <UnstyledButton className={classes["more"] ?? ""} onClick={() => { setAll(!all); }}>
            {all ? t.annotate.fewerLabels : `+ ${n(items.length - FEW)}`}
          </UnstyledButton>
        </li>
      )}
    </ul>
  );
}
