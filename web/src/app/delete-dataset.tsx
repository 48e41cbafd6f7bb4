/** Deleting a dataset: what goes with it, how long it is kept, and its name typed to be sure. */

import { Alert, Button, Code, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { deleteDataset } from "@/api/dataset-settings";
import { t } from "@/text/en";
import { manageText } from "@/text/manage";

interface Props {
  readonly workspace: string;
  readonly name: string;
  readonly records: number;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export default function DeleteDataset({ workspace, name, records, onClose, onDone }: Props) {
  const cache = useQueryClient();
  const [typed, setTyped] = useState("");
  const gone = useMutation({
    mutationFn: () => deleteDataset({ workspace, name }),
    onSuccess: async () => {
      onDone();
      await Promise.all([["datasets"], ["work"], ["team-overview"]].map((queryKey) => cache.invalidateQueries({ queryKey })));
      cache.removeQueries({ queryKey: ["dataset", workspace, name] });
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (typed === name) gone.mutate();
  }
  return (
    <Modal opened onClose={onClose} title={manageText.remove.title(name)}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Text size="sm">{manageText.remove.intro(name, records)}</Text>
          <Text size="sm">
            {manageText.remove.kept} <Code>apportion datasets restore</Code>
          </Text>
          <TextInput label={manageText.remove.type(name)} value={typed} onChange={(event) => { setTyped(event.currentTarget.value); }} autoComplete="off" autoCapitalize="none" spellCheck={false} data-autofocus />
          {gone.isError && (
            <Alert color="red" variant="light" role="alert">
              {gone.error.message}
            </Alert>
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t.common.cancel}
            </Button>
            <Button type="submit" color="red.9" disabled={typed !== name} loading={gone.isPending}>
              {manageText.remove.do}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
