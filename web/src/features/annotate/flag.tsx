/** What was said about a record, and saying something to a person, or to all who may read it. */

import { Alert, Autocomplete, Button, Group, Modal, Stack, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { addComment, commentsQuery, membersQuery } from "@/api/work";
import type { DatasetRef } from "@/core/model";
import { useOutbox } from "@/features/shell/outbox";
import { t } from "@/text/en";

import { Comments } from "./comments";

interface Props {
  readonly dataset: DatasetRef;
  readonly id: string;
  /** Who may be asked when one may not list the members. */
  readonly known: readonly string[];
  readonly onClose: () => void;
}

export default function Flag({ dataset, id, known, onClose }: Props) {
  const cache = useQueryClient();
  const { user } = useOutbox();
  const said = useQuery(commentsQuery(dataset, id));
  const members = useQuery(membersQuery(dataset.workspace));
  const [text, setText] = useState("");
  const [to, setTo] = useState("");
  const wrote = said.data?.map((each) => each.author) ?? [];
  const people = [...new Set([...(members.data ?? []), ...known, ...wrote])].filter((each) => each !== user);
  const sent = useMutation({
    mutationFn: () => addComment(dataset, id, text.trim(), to.trim() || null),
    onSuccess: async () => {
      await cache.invalidateQueries({ queryKey: commentsQuery(dataset, id).queryKey });
      onClose();
    },
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    if (text.trim()) sent.mutate();
  }

  return (
    <Modal opened onClose={onClose} title={t.comments.title(id)} size="lg">
      <form onSubmit={submit}>
        <Stack gap="sm">
          {said.data && said.data.length > 0 && <Comments comments={said.data} />}
          {sent.error && (
            <Alert color="red" variant="light" role="alert">
              {sent.error.message}
            </Alert>
          )}
          <Autocomplete
            label={t.comments.to}
            description={t.comments.toHint}
            data={people}
            value={to}
            onChange={setTo}
            comboboxProps={{ withinPortal: false }}
          />
          <Textarea
            label={t.comments.text}
            value={text}
            onChange={(event) => { setText(event.currentTarget.value); }}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
              event.stopPropagation();
              submit(event);
            }}
            autosize
            minRows={3}
            maxRows={10}
            maxLength={10_000}
            data-autofocus
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t.common.cancel}
            </Button>
            <Button type="submit" loading={sent.isPending} disabled={!text.trim()}>
              {t.comments.send}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
