/** A text with what its tokens say for or against a label: tinted, and underlined so that colour is not needed. */

import { SegmentedControl, Select } from "@mantine/core";
import { type CSSProperties, useMemo, useState } from "react";

import { type Attribution, explain, explainedLabels, strengthOf } from "@/core/explanations";
import type { Field, Suggestion } from "@/core/model";
import { cut, findHits } from "@/core/spans";
import { decimal } from "@/text/format";
import { toolsText } from "@/text/tools";

import classes from "./explained-text.module.css";
import { MarkedText } from "./marked-text";

interface Props {
  readonly field: Field;
  readonly tokens: readonly Attribution[];
  readonly suggestions: readonly Suggestion[];
  readonly hits: readonly string[];
}

const words = toolsText.explanation;
/** Beyond so many a label is looked for in a list. */
const FEW = 4;
const PLAIN = "";

export default function ExplainedText({ field, tokens, suggestions, hits }: Props) {
  const labels = useMemo(() => explainedLabels(tokens, suggestions), [tokens, suggestions]);
  const [chosen, setChosen] = useState<string | null>(null);
  const label = chosen ?? labels[0] ?? PLAIN;
  const options = [...labels.map((value) => ({ value, label: value })), { value: PLAIN, label: words.plain }];
  return (
    <>
      <div>{label === PLAIN ? <MarkedText text={field.text} hits={hits} /> : <Tokens field={field} tokens={tokens} label={label} hits={hits} />}</div>
      <div className={classes["choose"]}>
        <span>{words.title}</span>
        {labels.length <= FEW ? (
          <SegmentedControl size="xs" aria-label={words.choose(field.name)} data={options} value={label} onChange={setChosen} />
        ) : (
          <Select size="xs" searchable allowDeselect={false} aria-label={words.choose(field.name)} data={options} value={label} onChange={setChosen} />
        )}
        {label !== PLAIN && <span className={classes["key"]}>{words.key}</span>}
      </div>
    </>
  );
}

function Tokens({ field, tokens, label, hits }: Omit<Props, "suggestions"> & { label: string }) {
  const { text, spans } = useMemo(() => explain(field.text, tokens, label), [field.text, tokens, label]);
  const segments = useMemo(() => cut(text.length, spans, [], findHits(text, hits)), [text, spans, hits]);
  return segments.map((each) => {
    const part = text.slice(each.start, each.end);
    const score = each.spans[0]?.score;
    const inner = each.hit ? <mark className={classes["hit"]}>{part}</mark> : part;
    if (score === undefined) return <span key={each.start}>{inner}</span>;
    const strength = strengthOf(score);
    return (
      <span
        key={each.start}
        className={classes["token"]}
        data-sign={strength === 0 ? undefined : score > 0 ? "for" : "against"}
        style={{ "--strength": `${String(strength)}%` } as CSSProperties}
        title={words.token(label, decimal(score, 3, { signDisplay: "exceptZero" }))}
      >
        {inner}
      </span>
    );
  });
}
