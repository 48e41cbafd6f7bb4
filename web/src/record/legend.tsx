/** The labels for spans with their keys; one clicked stays in the hand, and every selection gets it. */

import { UnstyledButton } from "@mantine/core";
import { useState } from "react";

import { t } from "@/text/en";
import { Key } from "@/ui/key";

import classes from "./legend.module.css";
import type { LabelSet } from "./use-labels";

const FEW = 20;

interface Props {
  readonly labels: LabelSet;
  readonly armed: string | null;
  readonly onArm: (label: string | null) => void;
}

export function Legend({ labels, armed, onArm }: Props) {
  const [all, setAll] = useState(false);
  const shown = all ? labels.options : labels.options.slice(0, FEW);
  if (!labels.options.length) return null;
  return (
    <div className={classes["legend"]} role="group" aria-label={t.annotate.labels}>
      {shown.map((each) => (
          <UnstyledButton
            key={each.name}
            className={classes["label"] ?? ""}
            aria-pressed={armed === each.name}
            style={{ "--h": each.hue } as React.CSSProperties}
            title={each.description}
            onMouseDown={(event) => { event.preventDefault(); }}
            onClick={() => { onArm(armed === each.name ? null : each.name); }}
          >
            <span>{each.name}</span>
            {each.key && <Key of={each.key} />}
          </UnstyledButton>
      ))}
      {labels.options.length > FEW && (
        <UnstyledButton className={classes["more"] ?? ""} onClick={() => { setAll(!all); }}>
          {all ? t.annotate.fewerLabels : `+ ${t.annotate.moreLabels(labels.options.length - FEW)}`}
        </UnstyledButton>
      )}
    </div>
  );
}
