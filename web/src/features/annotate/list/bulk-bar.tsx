/** Bar of what is selected in a list and can be done to it, and the progress of a change to all that match. */

import { ActionIcon, Button, Checkbox, Group, Popover, Progress } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useState } from "react";

import { ActionKey } from "@/record/annotator-settings";
import { LabelPopup } from "@/record/label-popup";
import type { LabelSet } from "@/record/use-labels";
import { t } from "@/text/en";
import { translated } from "@/text/translated";
import { toolsText } from "@/text/tools";

import type { BulkAction } from "./bulk-dialog";
import classes from "./list.module.css";
import type { BulkJob } from "./use-bulk-job";

interface Props {
  readonly onPage: number;
  readonly total: number;
  readonly selected: number;
  /** Everything that matches is meant, not only what is ticked. */
  readonly all: boolean;
  /** Can everything that matches be meant at all? */
  readonly mayAll: boolean;
  readonly labels: LabelSet;
  readonly labelled: boolean;
  readonly predicted: boolean;
  /** It decides for everybody: nobody's own answers are validated, and each change is asked about first. */
  readonly gold: boolean;
  readonly message: string;
  readonly onSelect: (what: "page" | "all" | "none") => void;
  readonly onLabel: (label: string) => void;
  readonly onDo: (action: BulkAction) => void;
  readonly onUndo: () => void;
}

export function BulkBar(props: Props) {
  const { onPage, total, selected, all, mayAll, labels, labelled, predicted, gold, message, onSelect, onLabel, onDo, onUndo } = props;
  const whole = selected === onPage && onPage > 0;
  const some = selected > 0 || all;
  return (
    <div className={classes["bulk"]} role="group" aria-label={all ? toolsText.bulk.allSelected(total) : t.annotate.selected(selected)}>
      <Checkbox
        size="sm"
        aria-label={t.annotate.selectAll}
        checked={whole || all}
        indeterminate={some && !whole && !all}
        onChange={(event) => { onSelect(event.currentTarget.checked ? "page" : "none"); }}
      />
      <span className={classes["count"]} role="status">
        {all ? toolsText.bulk.allSelected(total) : selected ? t.annotate.selected(selected) : t.annotate.matches(total)}
      </span>
      {whole && !all && mayAll && total > onPage && (
        <Button size="compact-sm" variant="subtle" onClick={() => { onSelect("all"); }}>
          {toolsText.bulk.selectAll(total)}
        </Button>
      )}
      {all && total > onPage && (
        <Button size="compact-sm" variant="subtle" onClick={() => { onSelect("page"); }}>
          {toolsText.bulk.onlyPage}
        </Button>
      )}
      {message && (
        <span className={classes["message"]} role="alert">
          {message}
        </span>
      )}
      {some && (
        <Group gap={6}>
          {labelled && (all || gold ? <Do onClick={() => { onDo("label"); }}>{toolsText.bulk.label}</Do> : <BulkLabel labels={labels} onPick={onLabel} />)}
          {predicted && <Do onClick={() => { onDo("accept"); }}>{toolsText.bulk.accept}</Do>}
          {!gold && (
            <Button size="compact-sm" onClick={() => { onDo("validate"); }}>
              {toolsText.bulk.validate}
            </Button>
          )}
          <Do onClick={() => { onDo("discard"); }}>{toolsText.bulk.discard}</Do>
        </Group>
      )}
      <Button size="compact-sm" variant="subtle" color="gray" ms="auto" onClick={onUndo} rightSection={<ActionKey action="undo" at={1} />}>
        {t.annotate.undo}
      </Button>
    </div>
  );
}

function Do({ onClick, children }: { onClick: () => void; children: string }) {
  return (
    <Button size="compact-sm" variant="default" onClick={onClick}>
      {children}
    </Button>
  );
}

function BulkLabel({ labels, onPick }: { labels: LabelSet; onPick: (label: string) => void }) {
  const [open, setOpen] = useState(false);
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" offset={0} trapFocus={false}>
      <Popover.Target>
        <Button size="compact-sm" variant="default" onClick={() => { setOpen(!open); }}>
          {t.annotate.labelSelected}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p={0} w={0} h={0} bd={0}>
        <LabelPopup
          title={t.annotate.labelSelected}
          labels={labels.options}
          current={null}
          box={{ left: 0, top: 0 }}
          onPick={(label) => {
            setOpen(false);
            onPick(label);
          }}
          onRemove={null}
          onClose={() => { setOpen(false); }}
        />
      </Popover.Dropdown>
    </Popover>
  );
}

/** Progress of a change to all that match, and once it is over, the way back. */
export function BulkProgress({ bulk }: { bulk: BulkJob }) {
  const { job, undoes, running, failure } = bulk;
  if (!job && !failure) return null;
  const words = failure ? failure.message : job ? inWords(bulk) : "";
  return (
    <div className={classes["job"]} role={failure ? "alert" : "status"}>
      <span className={classes["jobwords"]}>{words}</span>
      {running && (
        <Progress className={classes["jobbar"] ?? ""} value={job?.total ? (job.done / job.total) * 100 : 5} aria-label={toolsText.bulk.progress} />
      )}
      {job && !running && !undoes && job.undoable && (
        <Button size="compact-sm" variant="default" onClick={() => { bulk.undo(); }} rightSection={<ActionKey action="undo" at={1} />}>
          {t.annotate.undo}
        </Button>
      )}
      {!running && (
        <ActionIcon aria-label={t.common.close} onClick={bulk.dismiss}>
          <IconX size={15} />
        </ActionIcon>
      )}
    </div>
  );
}

interface Result {
  readonly changed?: number;
  readonly left?: number;
  readonly why?: readonly { readonly record: string; readonly why: string }[];
}

function inWords({ job, undoes, running }: BulkJob): string {
  if (!job) return "";
  if (running && job.total === null) return (undoes ? toolsText.bulk.undoing : toolsText.bulk.running)(job.done);
  if (running) return (undoes ? toolsText.bulk.undoingOf : toolsText.bulk.runningOf)(job.done, job.total ?? 0);
  if (job.state === "failed" || job.state === "interrupted") return toolsText.bulk.failed(translated(job.message ?? job.state));
  const { changed = 0, left = 0, why = [] } = (job.result ?? {}) as Result;
  const first = (undoes ? toolsText.bulk.undone : toolsText.bulk.done)(changed);
  const reasons = [...new Set(why.map((each) => translated(each.why)))].slice(0, 2).join("; ");
  return left ? `${first} ${reasons ? toolsText.bulk.leftBecause(left, reasons) : toolsText.bulk.left(left)}` : first;
}
