/** The three questions of the Assign dialog. */

import { Anchor, Checkbox, Group, NumberInput, Radio, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";

import { countRecords } from "@/api/records";
import type { Member } from "@/api/team";
import type { DatasetRef } from "@/core/model";
import { mayAskMore, mayCheck, mostOf, OVERLAPS, type PlanForm, type Preset, PRESETS, type RecordsChoice as WhatKind, whereOf } from "@/core/plan-form";
import { teamText } from "@/text/team";

import classes from "./assign.module.css";

interface Props {
  readonly form: PlanForm;
  readonly change: (part: Partial<PlanForm>) => void;
}

function Step({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className={classes["step"]}>
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}

export function What({ form, change, dataset }: Props & { dataset: DatasetRef }) {
  const [where] = useDebouncedValue(whereOf(form), 250);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => { first.current?.focus(); }, []); // the dialog was there before its questions
  const found = useQuery({
    queryKey: ["count", dataset.workspace, dataset.name, where],
    queryFn: ({ signal }) => countRecords(dataset, { query: where ? { query_text: where } : {}, sort: [] }, [], signal),
    retry: false,
  });
  return (
    <Step title={teamText.assign.what}>
      <Radio.Group
        aria-label={teamText.assign.what}
        value={form.what}
        onChange={(what) => { change({ what: what as WhatKind }); }}
      >
        <Group gap="lg">
          {(["all", "free", "search"] as const).map((each) => (
            <Radio key={each} value={each} label={teamText.assign.whats[each]} ref={each === form.what ? first : undefined} />
          ))}
        </Group>
      </Radio.Group>
      {form.what === "search" && (
        <TextInput
          mt="xs"
          aria-label={teamText.assign.search}
          description={teamText.assign.searchHelp}
          inputWrapperOrder={BELOW}
          placeholder={teamText.assign.searchHint}
          value={form.search}
          onChange={(event) => { change({ search: event.currentTarget.value }); }}
        />
      )}
      <Text size="sm" mt={6} c={found.isError ? "red" : "dimmed"} role={found.isError ? "alert" : "status"}>
        {found.isError ? found.error.message : found.data ? teamText.assign.found(found.data.total) : "\u00a0"}
      </Text>
    </Step>
  );
}

export function Who({ form, change, members }: Props & { members: readonly Member[] }) {
  const [details, setDetails] = useState(false);
  const set = (name: string, part: Partial<PlanForm["people"][number]>) => {
    change({ people: form.people.map((each) => (each.name === name ? { ...each, ...part } : each)) });
  };
  const full = (name: string) => members.find((each) => each.username === name)?.full_name ?? name;
  return (
    <Step title={teamText.assign.who}>
      <div className={classes["people"]} role="group" aria-label={teamText.assign.members}>
        {details && (
          <div className={classes["person"]} aria-hidden>
            <span />
            <b>{teamText.assign.weightHead}</b>
            <b>{teamText.assign.capHead}</b>
          </div>
        )}
        {form.people.map((each) => (
          <div key={each.name} className={classes["person"]}>
            <Checkbox
              label={full(each.name) === each.name ? each.name : `${full(each.name)} (${each.name})`}
              checked={each.in}
              onChange={(event) => { set(each.name, { in: event.currentTarget.checked }); }}
            />
            {details && each.in && (
              <>
                <NumberInput
                  size="xs"
                  aria-label={teamText.assign.weight(each.name)}
                  value={each.weight}
                  min={0.1}
                  step={0.5}
                  onChange={(value) => { if (Number(value) > 0) set(each.name, { weight: Number(value) }); }}
                />
                <NumberInput
                  size="xs"
                  aria-label={teamText.assign.cap(each.name)}
                  placeholder={teamText.assign.noCap}
                  value={each.cap ?? ""}
                  min={0}
                  allowDecimal={false}
                  onChange={(value) => { set(each.name, { cap: value === "" ? null : Number(value) }); }}
                />
              </>
            )}
          </div>
        ))}
      </div>
      <Anchor component="button" type="button" size="sm" mt={4} aria-expanded={details} onClick={() => { setDetails(!details); }}>
        {teamText.assign.details}
      </Anchor>
      {details && (
        <Text size="xs" c="dimmed">
          {teamText.assign.weightHint}
        </Text>
      )}
    </Step>
  );
}

export function How({ form, change }: Props) {
  const [more, setMore] = useState(false);
  const people = Math.max(1, form.people.filter((each) => each.in).length);
  function choose(preset: Preset) {
    change({ preset, ...(preset === "own" ? {} : OVERLAPS[preset]) });
  }
  const whole = (name: "annotators" | "share" | "anchors", limits: { min: number; max: number; suffix?: string }) => (
    <NumberInput
      label={teamText.assign[name]}
      description={teamText.assign.numberHints[name]}
      inputWrapperOrder={BELOW}
      value={form[name]}
      allowDecimal={false}
      clampBehavior="strict"
      {...limits}
      onChange={(value) => { if (value !== "") change({ [name]: Number(value) }); }}
    />
  );
  return (
    <Step title={teamText.assign.how}>
      <Radio.Group aria-label={teamText.assign.how} value={form.preset} onChange={(value) => { choose(value as Preset); }}>
        <div className={classes["presets"]}>
          {PRESETS.map((each) => (
            <div key={each} className={classes["preset"]}>
              <Radio value={each} label={teamText.assign.presets[each][0]} description={teamText.assign.presets[each][1]} />
            </div>
          ))}
        </div>
      </Radio.Group>
      {form.preset === "own" && (
        <div className={classes["numbers"]}>
          {whole("annotators", { min: 1, max: people })}
          {whole("share", { min: 1, max: 100, suffix: teamText.assign.percent })}
          {whole("anchors", { min: 0, max: 1_000_000 })}
        </div>
      )}
      <div className={classes["options"]}>
        <Checkbox
          label={teamText.assign.blind}
          description={teamText.assign.blindHint}
          checked={form.blind}
          onChange={(event) => { change({ blind: event.currentTarget.checked }); }}
        />
        <Checkbox
          label={teamText.assign.standing}
          description={teamText.assign.standingHint}
          checked={form.standing}
          onChange={(event) => { change({ standing: event.currentTarget.checked }); }}
        />
      </div>
      <Anchor component="button" type="button" size="sm" mt="sm" aria-expanded={more} onClick={() => { setMore(!more); }}>
        {teamText.assign.more}
      </Anchor>
      {more && (
        <div className={classes["options"]}>
          <Quality form={form} change={change} />
          <Checkbox
            label={teamText.assign.pull}
            description={teamText.assign.pullHint}
            checked={form.pull}
            onChange={(event) => { change({ pull: event.currentTarget.checked }); }}
          />
          <TextInput
            label={teamText.assign.due}
            description={teamText.assign.dueHint}
            inputWrapperOrder={BELOW}
            type="date"
            value={form.due}
            onChange={(event) => { change({ due: event.currentTarget.value }); }}
          />
          <TextInput
            label={teamText.assign.mirror}
            description={teamText.assign.mirrorHint}
            inputWrapperOrder={BELOW}
            placeholder="user"
            value={form.mirror}
            onChange={(event) => { change({ mirror: event.currentTarget.value }); }}
          />
          <NumberInput
            label={teamText.assign.seed}
            description={teamText.assign.seedHint}
            inputWrapperOrder={BELOW}
            value={form.seed}
            min={0}
            allowDecimal={false}
            onChange={(value) => { if (value !== "") change({ seed: Number(value) }); }}
          />
        </div>
      )}
    </Step>
  );
}

/** Fields beside each other stay on one line, however long their help is. */
const BELOW: ("label" | "input" | "error" | "description")[] = ["label", "input", "error", "description"];

/** Fields for better answers: more people, and records that show how people do. */
function Quality({ form, change }: Props) {
  const people = form.people.filter((each) => each.in).length;
  const [more, check] = [mayAskMore(form), mayCheck(form)];
  return (
    <>
      <div className={classes["quality"]}>
        <Checkbox
          label={teamText.assign.adaptive}
          description={more ? teamText.assign.adaptiveHint : teamText.assign.adaptiveOff}
          disabled={!more}
          checked={form.adaptive && more}
          onChange={(event) => { change({ adaptive: event.currentTarget.checked }); }}
        />
        {form.adaptive && more && (
          <NumberInput
            size="xs"
            label={teamText.assign.most}
            description={teamText.assign.mostHint}
            inputWrapperOrder={BELOW}
            value={mostOf(form)}
            min={form.annotators + 1}
            max={people}
            allowDecimal={false}
            clampBehavior="strict"
            onChange={(value) => { if (value !== "") change({ most: Number(value) }); }}
          />
        )}
      </div>
      <div className={classes["quality"]}>
        <Checkbox
          label={teamText.assign.checks}
          description={check ? teamText.assign.checksHint : teamText.assign.checksOff}
          disabled={!check}
          checked={form.checks && check}
          onChange={(event) => { change({ checks: event.currentTarget.checked }); }}
        />
        {form.checks && check && (
          <>
            <NumberInput
              size="xs"
              label={teamText.assign.checkShare}
              description={teamText.assign.checkShareHint}
              inputWrapperOrder={BELOW}
              value={form.checkShare}
              min={1}
              max={50}
              suffix={teamText.assign.percent}
              allowDecimal={false}
              clampBehavior="strict"
              onChange={(value) => { if (value !== "") change({ checkShare: Number(value) }); }}
            />
            <Checkbox
              size="xs"
              label={teamText.assign.feedback}
              description={teamText.assign.feedbackHint}
              checked={form.feedback}
              onChange={(event) => { change({ feedback: event.currentTarget.checked }); }}
            />
          </>
        )}
      </div>
    </>
  );
}
