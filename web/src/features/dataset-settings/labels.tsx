/** Labels with colours, keys and meanings: add, rename, reorder, delete. */

import { ActionIcon, Button, Group, Skeleton, Switch, Text, TextInput, Tooltip } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconRotate, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { labelUseQuery, saveLabels, saveSpanRules, type Settings, settingsKey, settingsQuery, type SpanRules } from "@/api/dataset-settings";
import { failureOf } from "@/api/failure";
import { hueOf } from "@/core/colours";
import { hexOfHue } from "@/core/hex";
import { type FormLabel, type LabelContent, labelProblems, type LabelProblem, mergedLabels, moved, sameLabels } from "@/core/label-form";
import type { DatasetRef } from "@/core/model";
import { t } from "@/text/en";
import { manageText } from "@/text/manage";
import { Card } from "@/ui/card";

import { SaveBar } from "./save-bar";
import classes from "./settings.module.css";

const words = manageText.settings.labels;

export function Labels({ dataset }: { dataset: DatasetRef }) {
  const found = useQuery(settingsQuery(dataset));
  const failure = failureOf(found);
  const use = useQuery(labelUseQuery(dataset));
  if (dataset.task === "Text2Text") {
    return (
      <Card title={words.title}>
        <Text size="sm">{words.text}</Text>
      </Card>
    );
  }
  return (
    <Card title={words.title} intro={words.intro}>
      {failure ? (
        <Text size="sm" role="alert">
          {failure.message}
        </Text>
      ) : !found.data || use.isPending ? (
        <Skeleton h={160} role="progressbar" aria-label={t.common.loading} />
      ) : (
        <>
          <Form dataset={dataset} settings={found.data} use={use.data ?? new Map<string, number>()} />
          {dataset.task === "TokenClassification" && <SpanSwitches dataset={dataset} settings={found.data} />}
        </>
      )}
    </Card>
  );
}

async function afterwards(cache: ReturnType<typeof useQueryClient>, dataset: DatasetRef) {
  await Promise.all([
    cache.invalidateQueries({ queryKey: [...settingsKey(dataset), "labels"] }),
    cache.invalidateQueries({ queryKey: ["labels", dataset.workspace, dataset.name] }),
  ]);
}

function problemText(trouble: LabelProblem | null): string | null {
  if (trouble === null) return null;
  if (trouble.kind === "empty") return words.empty;
  return trouble.kind === "twice" ? words.twice(trouble.name) : words.keyTwice(trouble.shortcut, trouble.one, trouble.other);
}

interface FormProps {
  readonly dataset: DatasetRef;
  readonly settings: Settings;
  readonly use: ReadonlyMap<string, number>;
}

/** Labels that were changed, and those that there were before. */
interface Edited {
  readonly labels: readonly FormLabel[];
  readonly before: readonly LabelContent[];
}

const formLabels = (labels: readonly LabelContent[]) => labels.map(({ name, description, colour, shortcut }, key): FormLabel => ({ key, stored: name, name, description, colour, shortcut }));

function Form({ dataset, settings, use }: FormProps) {
  const cache = useQueryClient();
  const next = useRef(0);
  const stored = formLabels(settings.labels);
  const [edited, setEdited] = useState<Edited | null>(null);
  const labels = edited?.labels ?? stored;
  const setLabels = (to: readonly FormLabel[]) => { setEdited({ labels: to, before: edited?.before ?? settings.labels }); };
  const [fresh, setFresh] = useState("");
  const dirty = !sameLabels(labels, stored);
  const trouble = dirty ? problemText(labelProblems(labels)) : null;
  const saving = useMutation({
    mutationFn: async (sent: Edited) => {
      const now = await cache.fetchQuery({ ...settingsQuery(dataset), staleTime: 0 });
      const merged = mergedLabels(sent.labels, sent.before, now.labels);
      const problem = problemText(labelProblems(merged)); // of one's own and another's
      if (problem !== null) {
        setEdited((edits) => (edits === sent ? { labels: formLabels(merged), before: now.labels } : edits));
        throw new Error(problem);
      }
      await saveLabels(dataset, merged.map((each) => ({ ...each, id: each.name.trim(), name: each.name.trim(), description: each.description.trim() })));
      return merged;
    },
    onSuccess: async (saved, sent) => {
      await afterwards(cache, dataset);
      setEdited((now) => (now === sent || now === null ? null : { ...now, before: saved })); // what was changed meanwhile is still to be saved
    },
  });
  const set = (key: number, part: Partial<FormLabel>) => { setLabels(labels.map((each) => (each.key === key ? { ...each, ...part } : each))); };
  const unlisted = [...use.keys()].filter((name) => !labels.some((each) => each.name === name));
  const add = (names: readonly string[]) => {
    setLabels([...labels, ...names.map((name): FormLabel => ({ key: --next.current, stored: "", name, description: "", colour: "", shortcut: "" }))]);
  };
  return (
    <>
      {labels.length ? (
        <div className={classes["wide"]}>
          <table className={classes["labels"]} aria-label={words.title}>
            <thead>
              <tr>
                <th scope="col">{words.name}</th>
                <th scope="col">{words.colour}</th>
                <th scope="col">{words.shortcut}</th>
                <th scope="col">{words.description}</th>
                <th scope="col">{words.used}</th>
                <th>
                  <span className="sr-only">{manageText.people.actions}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {labels.map((each, at) => {
                const count = use.get(each.stored || each.name) ?? 0;
                const locked = each.stored !== "" && count > 0;
                const named = each.name || String(at + 1);
                return (
                  <tr key={each.key}>
                    <td>
                      <TextInput aria-label={words.nameOf(at + 1)} value={each.name} readOnly={locked} title={locked ? words.inUse : ""} onChange={(event) => { set(each.key, { name: event.currentTarget.value }); }} miw={130} size="sm" />
                    </td>
                    <td>
                      <span className={classes["colour"]}>
                        <input type="color" aria-label={words.colourOf(named)} value={each.colour || hexOfHue(hueOf(at))} onChange={(event) => { set(each.key, { colour: event.currentTarget.value }); }} />
                        <ActionIcon size="sm" aria-label={words.noColour(named)} onClick={() => { set(each.key, { colour: "" }); }} style={{ visibility: each.colour ? "visible" : "hidden" }}>
                          <IconRotate size={14} />
                        </ActionIcon>
                      </span>
                    </td>
                    <td>
                      <TextInput aria-label={words.shortcutOf(named)} value={each.shortcut} maxLength={1} w={46} size="sm" placeholder={at < 9 ? String(at + 1) : ""} onChange={(event) => { set(each.key, { shortcut: event.currentTarget.value.trim().toLowerCase() }); }} />
                    </td>
                    <td>
                      <TextInput aria-label={words.descriptionOf(named)} value={each.description} placeholder={words.descriptionHint} miw={160} size="sm" onChange={(event) => { set(each.key, { description: event.currentTarget.value }); }} />
                    </td>
                    <td className={classes["used"]}>{words.usedBy(count)}</td>
                    <td>
                      <Group gap={0} wrap="nowrap" justify="flex-end">
                        <ActionIcon aria-label={words.up(named)} disabled={at === 0} onClick={() => { setLabels(moved(labels, at, at - 1)); }}>
                          <IconArrowUp size={16} />
                        </ActionIcon>
                        <ActionIcon aria-label={words.down(named)} disabled={at === labels.length - 1} onClick={() => { setLabels(moved(labels, at, at + 1)); }}>
                          <IconArrowDown size={16} />
                        </ActionIcon>
                        <Tooltip label={locked ? words.inUse : words.remove(named)}>
                          <ActionIcon aria-label={words.remove(named)} {...(locked ? { "data-disabled": true } : {})} aria-disabled={locked} onClick={() => { if (!locked) setLabels(labels.filter((one) => one !== each)); }}>
                            <IconTrash size={16} />
                          </ActionIcon>
                        </Tooltip>
                      </Group>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      ) : (
        <Text size="sm" c="dimmed" mb="sm">
          {words.none}
        </Text>
      )}
      <Group gap="xs" mt="sm" align="flex-end">
        <TextInput
          label={words.add}
          value={fresh}
          onChange={(event) => { setFresh(event.currentTarget.value); }}
          onKeyDown={(event) => {
            if (event.key === "Enter" && fresh.trim()) {
              event.preventDefault();
              add([fresh.trim()]);
              setFresh("");
            }
          }}
          w={220}
        />
        <Button
          variant="default"
          disabled={!fresh.trim()}
          onClick={() => {
            add([fresh.trim()]);
            setFresh("");
          }}
        >
          {words.addDo}
        </Button>
        {unlisted.length > 0 && (
          <Button variant="default" onClick={() => { add(unlisted); }}>
            {words.take(unlisted.length)}
          </Button>
        )}
      </Group>
      <SaveBar dirty={dirty} trouble={trouble} pending={saving.isPending} failure={saving.error?.message ?? null} saved={saving.isSuccess ? words.saved : null} onSave={() => { if (edited) saving.mutate(edited); }} onRevert={() => { setEdited(null); saving.reset(); }} />
    </>
  );
}

function SpanSwitches({ dataset, settings }: { dataset: DatasetRef; settings: Settings }) {
  const cache = useQueryClient();
  const saved = useMutation({ mutationFn: (rules: Partial<SpanRules>) => saveSpanRules(dataset, rules), onSettled: () => afterwards(cache, dataset) });
  const now: SpanRules = { ...settings, ...(saved.isPending ? saved.variables : {}) };
  return (
    <>
      <Switch
        mt="md"
        label={words.overlapping}
        description={words.overlappingHint}
        checked={now.overlapping}
        onChange={(event) => { saved.mutate({ overlapping: event.currentTarget.checked }); }}
      />
      <Switch
        mt="sm"
        label={words.characters}
        description={words.charactersHint}
        checked={now.characters}
        error={saved.error?.message}
        onChange={(event) => { saved.mutate({ characters: event.currentTarget.checked }); }}
      />
    </>
  );
}
