/** Writing a rule: the search, its label, what it does; all of it by keyboard. */

import { ActionIcon, Alert, Button, Group, TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { IconHelp, IconSearch } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type KeyboardEvent, type RefObject, Suspense, useRef, useState } from "react";
import { flushSync } from "react-dom";

import { ApiError } from "@/api/client";
import { addRule, changeRule } from "@/api/rules";
import { whyRefused } from "@/app/failed";
import type { DatasetRef } from "@/core/model";
import { type Draft, type MeasuredRule, NO_DRAFT, nextStep, pickLabel } from "@/core/rules";
import type { LabelWithHue } from "@/record/use-labels";
import { rulesText } from "@/text/rules";
import { toolsText } from "@/text/tools";
import { panel } from "@/ui/panel";

import { DraftFigures } from "./draft-figures";
import { LabelPicker } from "./label-picker";
import type { Noted } from "./notice";
import classes from "./rules.module.css";

const SearchHelp = panel(() => import("@/search/search-help"));

interface Props {
  readonly dataset: DatasetRef;
  readonly rules: readonly MeasuredRule[];
  readonly labels: readonly LabelWithHue[];
  readonly several: boolean;
  readonly mayWrite: boolean;
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
  readonly onSaved: (noted: Noted) => void;
  readonly field: RefObject<HTMLInputElement | null>;
}

export function Editor({ dataset, rules, labels, several, mayWrite, draft, onDraft, onSaved, field }: Props) {
  const words = rulesText.draft;
  const picker = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [help, setHelp] = useState(false);
  const step = nextStep(draft, rules);
  const stored = rules.find((each) => each.query === draft.query.trim());
  const saved = useMutation({
    mutationFn: (change: Draft) => (step === "add" ? addRule : changeRule)(dataset, change),
    onSuccess: (_, { query }) => { onSaved({ text: (step === "add" ? rulesText.notice.added : rulesText.notice.changed)(query), query }); },
  });
  useHotkeys([["/", () => field.current?.focus()]]);

  const change = (part: Partial<Draft>) => {
    if (!saved.isIdle) saved.reset();
    onDraft({ ...draft, ...part });
  };
  const save = () => {
    if (!mayWrite || saved.isPending || (step !== "add" && step !== "change")) return;
    saved.mutate({ query: draft.query.trim(), labels: draft.labels, description: draft.description.trim() });
  };
  /** Enter does what comes next. */
  const goOn = () => {
    if (step === "query") field.current?.focus();
    else if (step === "label") picker.current?.querySelector<HTMLElement>("input, button")?.focus();
    else save();
  };
  const pick = (label: string) => {
    const chosen = pickLabel(draft.labels, label, several);
    // drawn at once, as the next key may follow at once: the button can be pressed only with a label
    flushSync(() => { change({ labels: chosen }); });
    if (!several && chosen.length) (draft.query.trim() ? button : field).current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") {
      change(NO_DRAFT);
      field.current?.focus();
    } else if (event.key === "Enter" && !event.defaultPrevented && !event.nativeEvent.isComposing) {
      // a browser sends no form whose button cannot be pressed yet
      if (event.ctrlKey || event.metaKey) save();
      else if (event.target instanceof HTMLInputElement) goOn();
      else return;
      event.preventDefault();
    }
  };
  const taken = saved.error instanceof ApiError && saved.error.status === 409;
  const hint = !mayWrite ? "" : step === "same" ? words.sameHint : step === "change" ? words.changeHint : "";
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- keys pressed in its controls
    <form
      className={classes["sheet"]}
      aria-label={stored ? words.edit : words.create}
      onKeyDown={onKeyDown}
      onSubmit={(event) => {
        event.preventDefault();
        goOn();
      }}
    >
      <h2>{stored ? words.edit : words.create}</h2>
      <TextInput
        ref={field}
        data-autofocus
        autoFocus
        label={words.query}
        placeholder={words.queryHint}
        description={words.keys}
        maxLength={10_000}
        spellCheck={false}
        autoComplete="off"
        value={draft.query}
        onChange={(event) => { change({ query: event.currentTarget.value }); }}
        leftSection={<IconSearch size={16} />}
        rightSection={
          <ActionIcon aria-label={toolsText.find.helpOpen} size={26} onClick={() => { setHelp(true); }}>
            <IconHelp size={15} />
          </ActionIcon>
        }
      />
      <div ref={picker}>
        <LabelPicker labels={labels} chosen={draft.labels} title={several ? words.labels : words.label} onPick={pick} />
      </div>
      <DraftFigures dataset={dataset} draft={draft} />
      <div className={classes["save"]}>
        <TextInput
          className={classes["name"] ?? ""}
          size="xs"
          aria-label={words.name}
          placeholder={`${words.name}. ${words.nameHint}`}
          maxLength={10_000}
          value={draft.description}
          onChange={(event) => { change({ description: event.currentTarget.value }); }}
        />
        <Group gap="xs" justify="flex-end">
          {(draft.query || draft.labels.length > 0 || draft.description) && (
            <Button variant="default" onClick={() => { change(NO_DRAFT); field.current?.focus(); }}>
              {rulesText.draft.clear}
            </Button>
          )}
          <Button ref={button} type="submit" loading={saved.isPending} disabled={!mayWrite || step === "query" || step === "label" || step === "same"}>
            {step === "change" ? words.change : step === "same" ? words.same : words.add}
          </Button>
        </Group>
      </div>
      {hint && <p className={classes["note"]}>{hint}</p>}
      {saved.error && (
        <Alert color="red" variant="light" role="alert">
          {taken ? words.taken : whyRefused(draft.query.trim(), saved.error)}
        </Alert>
      )}
      {help && (
        <Suspense>
          <SearchHelp
            dataset={dataset}
            onUse={(example) => {
              setHelp(false);
              change({ query: `${draft.query.trim()} ${example}`.trim() });
              setTimeout(() => field.current?.focus(), 0);
            }}
            onClose={() => { setHelp(false); }}
          />
        </Suspense>
      )}
    </form>
  );
}
