/** Policies by which answers count: each policy in plain words, and what a change does to work that is under way. */

import { Button, Checkbox, Group, Modal, NumberInput, Radio, Skeleton, Stack, Switch, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";

import { ApiError } from "@/api/client";
import { failureOf } from "@/api/failure";
import { datasetPoliciesQuery, type Policies as Stored, savePolicies, settingsKey } from "@/api/dataset-settings";
import type { DatasetRef } from "@/core/model";
import { changesOf, editsSince, withChange } from "@/core/policy-form";
import { t } from "@/text/en";
import { manageText } from "@/text/manage";
import { Card } from "@/ui/card";

import { SaveBar } from "./save-bar";
import classes from "./settings.module.css";

const words = manageText.settings.policies;

/** Rules for annotations of one's own; the latest one's is for shared datasets. */
const OWN_RULES = Object.fromEntries(Object.entries(words.resolutions).filter(([rule]) => rule !== "latest")) as Partial<Record<Stored["resolution"], readonly string[]>>;

export function Policies({ dataset }: { dataset: DatasetRef }) {
  const found = useQuery(datasetPoliciesQuery(dataset));
  const failure = failureOf(found);
  return (
    <Card title={words.title} intro={words.intro}>
      {failure ? (
        <Text size="sm" role="alert">
          {failure.message}
        </Text>
      ) : !found.data ? (
        <Skeleton h={420} role="progressbar" aria-label={t.common.loading} />
      ) : (
        <Form dataset={dataset} stored={found.data} />
      )}
    </Card>
  );
}

function Form({ dataset, stored }: { dataset: DatasetRef; stored: Stored }) {
  const cache = useQueryClient();
  const [edits, setEdits] = useState<Partial<Stored>>({});
  const [conflict, setConflict] = useState(false);
  const form = { ...stored, ...edits };
  const changes = changesOf(stored, form);
  const dirty = Object.keys(changes).length > 0;
  const individual = form.annotation === "individual";
  const saving = useMutation({
    mutationFn: ({ sent, keep }: { sent: Partial<Stored>; keep: boolean }) => savePolicies(dataset, { ...sent, ...(keep ? { keep: "latest" as const } : {}) }),
    onSuccess: async (after, { sent }) => {
      setConflict(false);
      cache.setQueryData(datasetPoliciesQuery(dataset).queryKey, after);
      setEdits((now) => editsSince(sent, now));
      await Promise.all([
        cache.invalidateQueries({ queryKey: settingsKey(dataset) }),
        ...[["policies", dataset.workspace, dataset.name], ["team", dataset.workspace, dataset.name], ["datasets"], ["records"], ["team-overview"]].map((queryKey) => cache.invalidateQueries({ queryKey })),
      ]);
    },
    onError: (failure) => {
      if (failure instanceof ApiError && failure.status === 409 && changes.annotation === "shared") setConflict(true);
    },
  });
  const set = (part: Partial<Stored>) => {
    const touched = { ...edits, ...changesOf(form, withChange(form, part)) };
    // what is taken back while it is on its way differs from what will be stored
    setEdits(saving.isPending ? touched : changesOf(stored, { ...stored, ...touched }));
  };
  const then = (on: boolean, text: string) =>
    on && (
      <div className={classes["then"]} role="status">
        <b>{words.changed}: </b>
        {text}
      </div>
    );

  return (
    <div>
      <Choice label={words.annotation} value={form.annotation} choices={words.annotations} onChange={(annotation) => { set({ annotation }); }}>
        {then(changes.annotation === "individual", words.toIndividual)}
        {then(changes.annotation === "shared", words.toShared)}
      </Choice>
      <div className={classes["policy"]}>
        <Switch label={words.blind} description={words.blindHint} checked={form.blind} onChange={(event) => { set({ blind: event.currentTarget.checked }); }} />
        {then(changes.blind === true, words.blindOn)}
        {then(changes.blind === false, words.blindOff)}
      </div>
      <Choice label={words.visibility} value={form.visibility} choices={words.visibilities} onChange={(visibility) => { set({ visibility }); }}>
        {then(changes.visibility === "assigned", words.toAssigned)}
        {then(changes.visibility === "dataset", words.toDataset)}
      </Choice>
      {individual && (
        <Choice
          label={words.resolution}
          value={form.resolution}
          choices={OWN_RULES}
          onChange={(resolution) => { set({ resolution }); }}
        >
          {then(changes.resolution !== undefined && changes.annotation === undefined, words.resolutionThen)}
        </Choice>
      )}
      <div className={classes["policy"]}>
        <NumberInput label={words.required} {...(individual ? {} : { description: words.requiredShared })} value={form.required} min={1} max={1000} allowDecimal={false} clampBehavior="strict" w={420} maw="100%" onChange={(value) => { if (Number(value) >= 1) set({ required: Number(value) }); }} />
        {then(changes.required !== undefined && individual, words.requiredThen)}
      </div>
      <Choice label={words.skip} value={form.skip} choices={words.skips} onChange={(skip) => { set({ skip }); }}>
        {then(changes.skip !== undefined, words.skipThen)}
      </Choice>
      <div className={classes["policy"]}>
        <Checkbox.Group label={words.rights} description={words.rightsHint} value={form.annotators_may} onChange={(annotators_may) => { set({ annotators_may }); }}>
          <div className={classes["choices"]}>
            {Object.entries(words.rightNames).map(([right, name]) => (
              <Checkbox key={right} value={right} label={name} disabled={individual && right === "add_records"} />
            ))}
          </div>
        </Checkbox.Group>
      </div>
      <SaveBar dirty={dirty} pending={saving.isPending} failure={conflict ? null : (saving.error?.message ?? null)} saved={saving.isSuccess ? manageText.settings.saved : null} onSave={() => { saving.mutate({ sent: changes, keep: false }); }} onRevert={() => { setEdits({}); saving.reset(); }} />
      {conflict && (
        <Modal opened onClose={() => { setConflict(false); }} title={words.annotations.shared[0]}>
          <Stack>
            <Text size="sm">{words.keepLatest}</Text>
            <Text size="sm" c="dimmed">
              {saving.error?.message.split(/(?<=\.) /)[0]}
            </Text>
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={() => { setConflict(false); }}>
                {t.common.cancel}
              </Button>
              <Button color="red.9" loading={saving.isPending} onClick={() => { saving.mutate({ sent: changes, keep: true }); }}>
                {words.keepConfirm}
              </Button>
            </Group>
          </Stack>
        </Modal>
      )}
    </div>
  );
}

function Choice<Value extends string>(props: { label: string; value: Value; choices: Readonly<Partial<Record<Value, readonly string[]>>>; onChange: (value: Value) => void; children: ReactNode }) {
  return (
    <div className={classes["policy"]}>
      <Radio.Group label={props.label} value={props.value} onChange={(value) => { props.onChange(value as Value); }}>
        <div className={classes["choices"]}>
          {(Object.entries(props.choices) as [Value, readonly string[]][]).map(([value, [name, hint]]) => (
            <Radio key={value} value={value} label={name} description={hint} />
          ))}
        </div>
      </Radio.Group>
      {props.children}
    </div>
  );
}
