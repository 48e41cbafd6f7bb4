/** A dataset without labels: whoever manages it adds the first ones here, others learn who can. */

import { Alert, Button, Code, Group, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { labelsQuery, saveLabels } from "@/api/datasets";
import { meQuery } from "@/api/session";
import type { DatasetRef } from "@/core/model";
import { t } from "@/text/en";

export default function NoLabels({ dataset }: { dataset: DatasetRef }) {
  const { data: me } = useSuspenseQuery(meQuery);
  const cache = useQueryClient();
  const [names, setNames] = useState("");
  const mayAdd =
    me.role === "admin" || me.memberships.some((each) => each.workspace === dataset.workspace && each.role === "manager");
  const saved = useMutation({
    mutationFn: (labels: string[]) => saveLabels(dataset, labels.map((name) => ({ name }))),
    onSuccess: () => cache.invalidateQueries({ queryKey: labelsQuery(dataset).queryKey }),
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    const wanted = [...new Set(names.split(",").map((each) => each.trim()).filter(Boolean))];
    if (wanted.length) saved.mutate(wanted);
  }

  return (
    <Alert variant="light" color="gray" title={t.annotate.noLabels} mb="sm">
      {mayAdd ? (
        <form onSubmit={submit}>
          <Group gap="xs" align="flex-end">
            <TextInput
              label={t.annotate.newLabels}
              placeholder={t.annotate.newLabelsHint}
              value={names}
              onChange={(event) => { setNames(event.currentTarget.value); }}
              error={saved.error?.message}
              miw={320}
            />
            <Button type="submit" loading={saved.isPending}>
              {t.annotate.addLabels}
            </Button>
          </Group>
        </form>
      ) : (
        <Text size="sm">
          {t.annotate.noLabelsIntro} <Code>rg.configure_dataset(…)</Code>
        </Text>
      )}
    </Alert>
  );
}
