/** Labels to choose for a text: by mouse, by number, or by typing part of their name. */

import { UnstyledButton } from "@mantine/core";
import { useEffect, useRef, useState } from "react";

import type { RecordEdit } from "@/core/edit-session";
import { n, t } from "@/text/en";
import { percentOf } from "@/text/format";
import { Key } from "@/ui/key";
import { useSpoken } from "@/ui/spoken";

import { labelScores, predictedLabels } from "./answers";
import { ActionKey, useAnnotatorSettings } from "./annotator-settings";
import classes from "./labels.module.css";
import type { LabelSet } from "./use-labels";

export interface LabelsProps {
  readonly edit: RecordEdit;
  readonly labels: LabelSet;
  readonly onPick: (label: string) => void;
  /** Enter where nothing is typed. */
  readonly onSubmit?: () => void;
  /** Shows keys, and more labels at once. */
  readonly active: boolean;
  readonly roomy: boolean;
}

const NONE: ReadonlyMap<string, number> = new Map();

export function TextClassification({ edit, labels, onPick, onSubmit, active, roomy }: LabelsProps) {
  const [filter, setFilter] = useState("");
  const [all, setAll] = useState(false);
  const { record, now } = edit;
  const most = roomy ? 30 : 10;
  const chosen = now.value.labels ?? [];
  const { hidden } = useAnnotatorSettings();
  const scores = hidden ? NONE : labelScores(record);
  const predicted = hidden ? [] : predictedLabels(record);
  const words = filter.trim().toLowerCase();
  const options = labels.with([...chosen, ...scores.keys()]);
  const matching = words ? options.filter((each) => each.name.toLowerCase().includes(words)) : options;
  const shown = all ? matching : matching.filter((each, at) => at < most || chosen.includes(each.name) || predicted.includes(each.name));

  const { say, place } = useSpoken();
  const before = useRef({ id: record.id, chosen });
  useEffect(() => {
    const was = before.current;
    before.current = { id: record.id, chosen };
    if (active && was.id === record.id && was.chosen !== chosen && chosen.join() !== was.chosen.join()) say(chosen.join(", ") || t.annotate.withoutLabel);
  });

  function pickFirst() {
    const first = matching[0];
    if (!first) return;
    onPick(first.name);
    setFilter("");
  }

  return (
    <div className={classes["labels"]} data-roomy={roomy || undefined}>
      {place}
      {options.length > 9 && (
        <div className={classes["find"]}>
          <input
            data-find-label={active || undefined}
            aria-label={t.annotate.findLabel}
            placeholder={t.annotate.findLabel}
            value={filter}
            onChange={(event) => { setFilter(event.currentTarget.value); }}
            onKeyDown={(event) => {
              if (event.key === "Enter") {
                event.preventDefault();
                event.stopPropagation();
                // of several labels the next one is typed at once; where one is enough, keys are the screen's again
                if (words) pickFirst();
                if (!words) onSubmit?.();
                if (!words || !record.multiLabel) event.currentTarget.blur();
              } else if (event.key === "Escape") {
                setFilter("");
                event.currentTarget.blur();
              }
            }}
          />
          {active && <ActionKey action="find-label" />}
        </div>
      )}
      <div className={classes["pills"]} role="group" aria-label={t.annotate.labels}>
        {shown.map((each) => {
          const score = scores.get(each.name);
          const key = active && !words ? each.key : undefined;
          return (
            <UnstyledButton
              key={each.name}
              className={classes["pill"] ?? ""}
              aria-pressed={chosen.includes(each.name)}
              data-predicted={predicted.includes(each.name) || undefined}
              style={{ "--h": each.hue } as React.CSSProperties}
              title={each.description}
              onMouseDown={(event) => { event.preventDefault(); }} // the focus stays, so that Enter still validates
              onClick={() => { onPick(each.name); }}
            >
              {key && <Key of={key} />}
              <span>
                <span>{each.name}</span>
                {score !== undefined && (
                  <span className={classes["score"]}>
                    <span className="sr-only"> {t.annotate.prediction} </span>
                    {percentOf(score)}
                  </span>
                )}
              </span>
            </UnstyledButton>
          );
        })}
        {!matching.length && words && <span className={classes["none"]}>{t.annotate.noLabel(filter)}</span>}
        {(matching.length > shown.length || all) && matching.length > most && (
          <UnstyledButton className={classes["more"] ?? ""} onClick={() => { setAll(!all); }}>
            {all ? t.annotate.fewerLabels : `+ ${t.annotate.moreLabels(matching.length - shown.length)}`}
          </UnstyledButton>
        )}
        <span className="sr-only" role="status">
          {words ? n(matching.length) : ""}
        </span>
      </div>
    </div>
  );
}
