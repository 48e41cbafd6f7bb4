/** Tags of a dataset, which its list shows; and the metadata notebooks have stored with it. */

import { ActionIcon, Button, Code, Text, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { type Dataset, saveTags } from "@/api/dataset-settings";
import { datasetQuery, refOf } from "@/api/datasets";
import type { DatasetRef } from "@/core/model";
import { manageText } from "@/text/manage";
import { Card } from "@/ui/card";

import { SaveBar } from "./save-bar";
import classes from "./settings.module.css";

const words = manageText.settings.tags;

export function Tags({ dataset }: { dataset: DatasetRef }) {
  const { data } = useQuery(datasetQuery(dataset.workspace, dataset.name));
  if (!data) return null;
  return (
    <Card title={words.title} intro={words.intro}>
      <Form dataset={data} />
      {Object.keys(data.metadata).length > 0 && (
        <>
          <Text size="sm" fw={550} mt="md">
            {words.metadata}
          </Text>
          <Text size="sm" c="dimmed" mb={4}>
            {words.metadataIntro}
          </Text>
          <Code block style={{ maxHeight: 220, overflow: "auto" }} tabIndex={0}>
            {JSON.stringify(data.metadata, null, 2)}
          </Code>
        </>
      )}
    </Card>
  );
}

interface Tag {
  readonly key: number;
  readonly name: string;
  readonly value: string;
}

/** Tags that were changed, and the names that there were before. */
interface Edited {
  readonly tags: readonly Tag[];
  readonly before: readonly string[];
}

function Form({ dataset }: { dataset: Dataset }) {
  const cache = useQueryClient();
  const ref = refOf(dataset);
  const next = useRef(0);
  const stored: readonly Tag[] = Object.entries(dataset.tags).map(([name, value], key) => ({ key, name, value }));
  const [edited, setEdited] = useState<Edited | null>(null);
  const tags = edited?.tags ?? stored;
  const dirty = contents(tags) !== contents(stored);
  const names = tags.map((each) => each.name.trim());
  const twice = names.find((each, at) => each && names.indexOf(each) !== at);
  const trouble = names.includes("") ? words.empty : twice !== undefined ? words.twice(twice) : null;
  const saving = useMutation({
    mutationFn: (sent: Edited) => {
      const kept = sent.tags.map((each) => each.name.trim());
      return saveTags(ref, {
        tags: Object.fromEntries(sent.tags.map((each) => [each.name.trim(), each.value])),
        remove_tags: sent.before.filter((each) => !kept.includes(each)),
      });
    },
    onSuccess: async (after, sent) => {
      cache.setQueryData(datasetQuery(ref.workspace, ref.name).queryKey, after);
      setEdited((now) => (now === sent || now === null ? null : { ...now, before: Object.keys(after.tags) }));
      await cache.invalidateQueries({ queryKey: ["datasets"] });
    },
  });
  const change = (to: readonly Tag[]) => { setEdited({ tags: to, before: edited?.before ?? Object.keys(dataset.tags) }); };
  const set = (key: number, part: { name?: string; value?: string }) => { change(tags.map((each) => (each.key === key ? { ...each, ...part } : each))); };
  return (
    <>
      <div className={classes["tags"]}>
        {tags.map((each, at) => (
          <div key={each.key} className={classes["tag"]}>
            <TextInput aria-label={words.keyOf(at + 1)} placeholder={words.key} value={each.name} onChange={(event) => { set(each.key, { name: event.currentTarget.value }); }} />
            <TextInput aria-label={words.valueOf(at + 1)} placeholder={words.value} value={each.value} onChange={(event) => { set(each.key, { value: event.currentTarget.value }); }} />
            <ActionIcon aria-label={words.remove(each.name || String(at + 1))} onClick={() => { change(tags.filter((one) => one !== each)); }}>
              <IconTrash size={16} />
            </ActionIcon>
          </div>
        ))}
        {!tags.length && (
          <Text size="sm" c="dimmed">
            {words.none}
          </Text>
        )}
        <div>
          <Button variant="default" size="xs" onClick={() => { change([...tags, { key: --next.current, name: "", value: "" }]); }}>
            {words.add}
          </Button>
        </div>
      </div>
      <SaveBar dirty={dirty} trouble={dirty ? trouble : null} pending={saving.isPending} failure={saving.error?.message ?? null} saved={saving.isSuccess ? manageText.settings.saved : null} onSave={() => { if (edited) saving.mutate(edited); }} onRevert={() => { setEdited(null); saving.reset(); }} />
    </>
  );
}

const contents = (tags: readonly Tag[]) => JSON.stringify(tags.map(({ name, value }) => [name, value]));
