/** The labels a rule may give, as switches; digits choose them, and many can be searched. */

import { TextInput, UnstyledButton } from "@mantine/core";
import { type KeyboardEvent, useState } from "react";

import { labelAt, type LabelWithHue } from "@/record/use-labels";
import { t } from "@/text/en";
import { Key } from "@/ui/key";

import classes from "./rules.module.css";

/** Beyond so many a label is searched for. */
const MANY = 10;

interface Props {
  readonly labels: readonly LabelWithHue[];
  readonly chosen: readonly string[];
  readonly title: string;
  readonly onPick: (label: string) => void;
}

export function LabelPicker({ labels, chosen, title, onPick }: Props) {
  const [words, setWords] = useState("");
  const wanted = words.trim().toLowerCase();
  const found = labels.filter((each) => each.name.toLowerCase().includes(wanted));
  const first = found.filter((each) => !chosen.includes(each.name))[0];
  // those chosen stay in sight
  const shown = [...found.slice(0, wanted ? 50 : 30), ...labels.filter((each) => chosen.includes(each.name) && !found.slice(0, wanted ? 50 : 30).includes(each))];

  function onKeyDown(event: KeyboardEvent) {
    if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
    const label = labelAt(labels, event.key);
    if (!label) return;
    event.preventDefault();
    onPick(label.name);
  }

  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- keys pressed in its controls
    <fieldset className={classes["labels"]} onKeyDown={onKeyDown}>
      <legend>{title}</legend>
      {labels.length > MANY && (
        <TextInput
          size="xs"
          maw={260}
          aria-label={t.annotate.findLabel}
          placeholder={t.annotate.findLabel}
          value={words}
          onChange={(event) => { setWords(event.currentTarget.value); }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.ctrlKey || event.metaKey) return;
            event.preventDefault();
            if (!wanted || !first) return;
            onPick(first.name);
            setWords("");
          }}
        />
      )}
      <div className={classes["pills"]}>
        {shown.map((each) => (
          <UnstyledButton
            key={each.name}
            className={classes["pill"] ?? ""}
            aria-pressed={chosen.includes(each.name)}
            style={{ "--h": each.hue } as React.CSSProperties}
            title={each.description}
            onClick={() => { onPick(each.name); }}
          >
            {each.key && !wanted && <Key of={each.key} />}
            <span>{each.name}</span>
          </UnstyledButton>
        ))}
        {!shown.length && <span className={classes["note"]}>{t.annotate.noLabel(words)}</span>}
      </div>
    </fieldset>
  );
}
