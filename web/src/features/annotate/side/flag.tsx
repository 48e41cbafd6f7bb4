/** Comments on a record, and writing one to a person, or to all who may read it. */

import { Alert, Autocomplete, Button, Group, Modal, Stack, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { addComment, askableQuery, commentsQuery } from "@/api/work";
import { useOutbox } from "@/app/outbox-provider";
import type { DatasetRef } from "@/core/model";
import { t } from "@/text/en";

import { Comments } from "./comments";

interface Props {
  readonly dataset: DatasetRef;
  readonly id: string;
  /** May one know everybody who belongs here? */
  readonly everybody: boolean;
  /** Others who may be asked. */
  readonly known: readonly string[];
  readonly onClose: () => void;
}

export default function Flag({ dataset, id, everybody, known, onClose }: Props) {
  const cache = useQueryClient();
  const { user } = useOutbox();
  const comments = useQuery(commentsQuery(dataset, id));
  const askable = useQuery(askableQuery(dataset.workspace, everybody)).data ?? [];
  const [text, setText] = useState("");
  const [to, setTo] = useState("");
  const wrote = comments.data?.map((each) => each.author) ?? [];
  const named = (role: string) => askable.filter((each) => each.role === role).map((each) => each.username);
  const others = [...named("annotator"), ...known, ...wrote].filter((each) => !askable.some((one) => one.username === each && one.role !== "annotator"));
  const people = [
    { group: t.comments.managers, items: named("manager") },
    { group: t.comments.reviewers, items: named("reviewer") },
    { group: t.comments.others, items: [...new Set(others)] },
  ].map(({ group, items }) => ({ group, items: items.filter((each) => each !== user) }));
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
          {comments.data && comments.data.length > 0 && <Comments comments={comments.data} />}
          {sent.error && (
            <Alert color="red" variant="light" role="alert">
              {sent.error.message}
            </Alert>
          )}
          <Autocomplete
            label={t.comments.to}
            description={t.comments.toHint}
            data={people.filter((each) => each.items.length > 0)}
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
