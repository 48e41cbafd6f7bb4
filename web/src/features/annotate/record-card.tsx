/** A record in its frame: state, id, texts, answer; in a list with its own buttons. */

import { ActionIcon, Button, Checkbox, CopyButton, Tooltip, UnstyledButton } from "@mantine/core";
import { IconCopy, IconInfoCircle, IconVectorTriangle } from "@tabler/icons-react";
import { createContext, memo, use, useEffect, useRef, useState } from "react";

import type { Desk } from "@/core/desk";
import type { AnswerState } from "@/core/model";
import { say } from "@/text/annotating";
import { t } from "@/text/en";
import { Copy } from "@/ui/copy";

import { hasSuggestions } from "./answers";
import { useHabits } from "./habits";
import { RecordBody } from "./record-body";
import classes from "./record.module.css";
import { useHeld } from "./use-desk";
import type { LabelSet } from "./use-labels";

const STATES: Record<AnswerState, string> = {
  none: t.annotate.pending,
  draft: t.annotate.draft,
  submitted: t.annotate.submitted,
  discarded: t.annotate.discarded,
};

export interface CardActions {
  readonly pickLabel: (id: string, label: string) => void;
  readonly submit: (id: string) => void;
  readonly discard: (id: string) => void;
  readonly clear: (id: string) => void;
  readonly accept: (id: string) => void;
  readonly reject: (id: string) => void;
}

/** What the page can show of a record beside it. */
export const Beyond = createContext<((what: "info" | "similar", id: string) => void) | null>(null);

/** Texts longer than this are clipped in a list. */
const LONG = 1_200;

interface Props {
  readonly desk: Desk;
  readonly id: string;
  readonly labels: LabelSet;
  readonly active: boolean;
  /** It is scrolled to. */
  readonly follow?: boolean;
  readonly roomy: boolean;
  readonly armed: string | null;
  readonly actions: CardActions;
  readonly checked?: boolean;
  readonly onCheck?: (id: string, checked: boolean) => void;
  readonly onActivate?: (id: string) => void;
}

export const RecordCard = memo(function RecordCard(props: Props) {
  const { desk, id, labels, active, follow, roomy, armed, actions, checked, onCheck, onActivate } = props;
  const held = useHeld(desk, id);
  const { hidden } = useHabits();
  const beyond = use(Beyond);
  const frame = useRef<HTMLElement>(null);
  const [unfolded, setUnfolded] = useState(false);

  useEffect(() => {
    if (follow) frame.current?.scrollIntoView({ block: "nearest" });
  }, [follow]);

  if (!held) return null;
  const { record, now } = held;
  const label = `${t.annotate.record} ${id}`;
  const long = !roomy && record.fields.reduce((sum, each) => sum + each.text.length, 0) > LONG;
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- only remembers which card is in use
    <article
      ref={frame}
      className={classes["card"]}
      aria-label={label}
      data-roomy={roomy || undefined}
      data-active={active || undefined}
      onMouseDown={() => { onActivate?.(id); }}
      onFocus={() => { onActivate?.(id); }}
    >
      <div className={classes["head"]}>
        {onCheck && (
          <Checkbox
            size="sm"
            aria-label={t.annotate.select(id)}
            checked={checked ?? false}
            onChange={(event) => { onCheck(id, event.currentTarget.checked); }}
          />
        )}
        <span className={classes["state"]} data-state={now.state}>
          {STATES[now.state]}
        </span>
        <CopyButton value={id} timeout={1500}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? t.common.copied : say.record.copyId}>
              <UnstyledButton className={classes["id"] ?? ""} onClick={copy}>
                {id}
              </UnstyledButton>
            </Tooltip>
          )}
        </CopyButton>
        {record.author && now.state !== "draft" && now.state !== "none" && <span>{record.author}</span>}
        <span className={classes["end"]}>
          {beyond && record.vectors.length > 0 && (
            <Tooltip label={say.similar.find}>
              <ActionIcon aria-label={say.similar.find} onClick={() => { beyond("similar", id); }}>
                <IconVectorTriangle size={15} />
              </ActionIcon>
            </Tooltip>
          )}
          {beyond && (
            <Tooltip label={say.record.info}>
              <ActionIcon aria-label={say.record.info} onClick={() => { beyond("info", id); }}>
                <IconInfoCircle size={15} />
              </ActionIcon>
            </Tooltip>
          )}
          <Copy text={record.fields.map((each) => each.text).join("\n")} label={t.annotate.copyText}>
            <IconCopy size={15} />
          </Copy>
        </span>
      </div>
      <RecordBody
        desk={desk}
        held={held}
        labels={labels}
        active={active}
        roomy={roomy}
        armed={armed}
        onPickLabel={actions.pickLabel}
        clipped={long && !unfolded}
      />
      {!roomy && (
        <div className={classes["foot"]}>
          <Button size="compact-sm" variant={now.state === "submitted" ? "light" : "filled"} onClick={() => { actions.submit(id); }}>
            {now.state === "submitted" ? t.annotate.submitted : t.annotate.submit}
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => { actions.discard(id); }}>
            {now.state === "discarded" ? t.annotate.discarded : t.annotate.discard}
          </Button>
          {!hidden && hasSuggestions(record) && now.state !== "submitted" && (
            <Button size="compact-sm" variant="subtle" color="gray" onClick={() => { actions.accept(id); }}>
              {t.annotate.accept}
            </Button>
          )}
          {now.state !== "none" && (
            <Button size="compact-sm" variant="subtle" color="gray" onClick={() => { actions.clear(id); }}>
              {t.annotate.reset}
            </Button>
          )}
          {long && (
            <Button size="compact-sm" variant="subtle" color="gray" ml="auto" aria-expanded={unfolded} onClick={() => { setUnfolded(!unfolded); }}>
              {unfolded ? say.record.less : say.record.more}
            </Button>
          )}
        </div>
      )}
    </article>
  );
});
