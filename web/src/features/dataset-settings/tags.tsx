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
  const [saved, setSaved] = useState(false); // the form begins anew with what was saved
  if (!data) return null;
  return (
    <Card title={words.title} intro={words.intro}>
      <Form key={JSON.stringify(data.tags)} dataset={data} saved={saved} onSaved={() => { setSaved(true); }} />
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

function Form({ dataset, saved, onSaved }: { dataset: Dataset; saved: boolean; onSaved: () => void }) {
  const cache = useQueryClient();
  const ref = refOf(dataset);
  const next = useRef(Object.keys(dataset.tags).length);
  const start = () => Object.entries(dataset.tags).map(([name, value], key) => ({ key, name, value }));
  const [tags, setTags] = useState(start);
  const dirty = JSON.stringify(tags) !== JSON.stringify(start());
  const names = tags.map((each) => each.name.trim());
  const twice = names.find((each, at) => each && names.indexOf(each) !== at);
  const trouble = names.includes("") ? words.empty : twice !== undefined ? words.twice(twice) : null;
  const saving = useMutation({
    mutationFn: () =>
      saveTags(ref, {
        tags: Object.fromEntries(tags.map((each) => [each.name.trim(), each.value])),
        remove_tags: Object.keys(dataset.tags).filter((each) => !names.includes(each)),
      }),
    onSuccess: async (after) => {
      onSaved();
      cache.setQueryData(datasetQuery(ref.workspace, ref.name).queryKey, after);
      await cache.invalidateQueries({ queryKey: ["datasets"] });
    },
  });
  const set = (key: number, part: { name?: string; value?: string }) => { setTags(tags.map((each) => (each.key === key ? { ...each, ...part } : each))); };
  return (
    <>
      <div className={classes["tags"]}>
        {tags.map((each, at) => (
          <div key={each.key} className={classes["tag"]}>
            <TextInput aria-label={words.keyOf(at + 1)} placeholder={words.key} value={each.name} onChange={(event) => { set(each.key, { name: event.currentTarget.value }); }} />
            <TextInput aria-label={words.valueOf(at + 1)} placeholder={words.value} value={each.value} onChange={(event) => { set(each.key, { value: event.currentTarget.value }); }} />
            <ActionIcon aria-label={words.remove(each.name || String(at + 1))} onClick={() => { setTags(tags.filter((one) => one !== each)); }}>
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
          <Button variant="default" size="xs" onClick={() => { setTags([...tags, { key: next.current++, name: "", value: "" }]); }}>
            {words.add}
          </Button>
        </div>
      </div>
      <SaveBar dirty={dirty} trouble={dirty ? trouble : null} pending={saving.isPending} failure={saving.error?.message ?? null} saved={saved ? manageText.settings.saved : null} onSave={() => { saving.mutate(); }} onRevert={() => { setTags(start()); saving.reset(); }} />
    </>
  );
}
