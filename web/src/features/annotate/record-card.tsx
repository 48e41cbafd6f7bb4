/** A record in its frame: state, id, texts, answer; in a list with its own buttons. */

import { ActionIcon, Button, CopyButton, UnstyledButton } from "@mantine/core";
import { IconCopy, IconInfoCircle, IconVectorTriangle } from "@tabler/icons-react";
import { createContext, memo, use, useEffect, useRef, useState } from "react";

import type { EditSession } from "@/core/edit-session";
import type { AnswerState } from "@/core/model";
import { useAnnotatorSettings } from "@/record/annotator-settings";
import { hasSuggestions } from "@/record/answers";
import { RecordBody } from "@/record/record-body";
import classes from "@/record/record.module.css";
import type { LabelSet } from "@/record/use-labels";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";
import { Copy } from "@/ui/copy";

import { useRecordEdit } from "./session/use-annotation-session";

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

/** Panels that the page can show beside a record. */
export const RecordPanelContext = createContext<((what: "info" | "similar", id: string) => void) | null>(null);

/** Texts longer than this are clipped in a list. */
const LONG = 1_200;

interface Props {
  readonly edits: EditSession;
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
  const { edits, id, labels, active, follow, roomy, armed, actions, checked, onCheck, onActivate } = props;
  const edit = useRecordEdit(edits, id);
  const { hidden } = useAnnotatorSettings();
  const openPanel = use(RecordPanelContext);
  const frame = useRef<HTMLElement>(null);
  const [unfolded, setUnfolded] = useState(false);

  useEffect(() => {
    if (follow) frame.current?.scrollIntoView({ block: "nearest" });
  }, [follow]);

  if (!edit) return null;
  const { record, now } = edit;
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
          <input
            type="checkbox"
            className={classes["check"]}
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
            <UnstyledButton className={classes["id"] ?? ""} title={copied ? t.common.copied : annotatingText.record.copyId} onClick={copy}>
              {copied ? t.common.copied : id}
            </UnstyledButton>
          )}
        </CopyButton>
        {record.author && now.state !== "draft" && now.state !== "none" && <span>{record.author}</span>}
        <span className={classes["end"]}>
          {openPanel && record.vectors.length > 0 && (
            <ActionIcon aria-label={annotatingText.similar.find} title={annotatingText.similar.find} onClick={() => { openPanel("similar", id); }}>
              <IconVectorTriangle size={15} />
            </ActionIcon>
          )}
          {openPanel && (
            <ActionIcon aria-label={annotatingText.record.info} title={annotatingText.record.info} onClick={() => { openPanel("info", id); }}>
              <IconInfoCircle size={15} />
            </ActionIcon>
          )}
          <Copy text={record.fields.map((each) => each.text).join("\n")} label={t.annotate.copyText}>
            <IconCopy size={15} />
          </Copy>
        </span>
      </div>
      <RecordBody
        edits={edits}
        edit={edit}
        labels={labels}
        active={active}
        roomy={roomy}
        armed={armed}
        onPickLabel={actions.pickLabel}
        onSubmit={actions.submit}
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
            <Button size="compact-sm" variant="subtle" color="gray" ms="auto" aria-expanded={unfolded} onClick={() => { setUnfolded(!unfolded); }}>
              {unfolded ? annotatingText.record.less : annotatingText.record.more}
            </Button>
          )}
        </div>
      )}
    </article>
  );
});
