/** Comments that wait for me: the words, where they were said, and how to answer or be done with them. */

import { Anchor, Button, Group, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";

import { type InboxComment, inboxQuery, markDone, reply } from "@/api/inbox";
import { inboxText } from "@/text/inbox";
import { t } from "@/text/en";
import sheet from "@/ui/sheet.module.css";
import { Ago } from "@/ui/time";

import classes from "./inbox.module.css";

export function Inbox() {
  const cache = useQueryClient();
  const { data: comments = [] } = useQuery({ ...inboxQuery, refetchOnMount: "always" });
  const [last, setLast] = useState<number | null>(null);
  const done = useMutation({
    mutationFn: ({ no, is }: { no: number; is: boolean }) => markDone(no, is),
    onSuccess: async (_, { no, is }) => {
      setLast(is ? no : null);
      await cache.invalidateQueries({ queryKey: inboxQuery.queryKey });
    },
  });
  if (!comments.length && last === null) return null;
  return (
    <section aria-label={inboxText.title(comments.length)} className={classes["inbox"]}>
      <Title order={2} mb="xs">
        {inboxText.title(comments.length)}
      </Title>
      <div role="status">
        {last !== null && (
          <Group gap="xs" mb="xs">
            {inboxText.wasDone}
            <Button size="compact-xs" variant="default" onClick={() => { done.mutate({ no: last, is: false }); }}>
              {inboxText.undo}
            </Button>
          </Group>
        )}
        {done.error && <p className={classes["failure"]}>{done.error.message}</p>}
      </div>
      {comments.length > 0 && (
        <ul className={`${sheet["sheet"] ?? ""} ${classes["list"] ?? ""}`}>
          {comments.map((each) => (
            <InboxEntry key={each.no} comment={each} onDone={() => { done.mutate({ no: each.no, is: true }); }} />
          ))}
        </ul>
      )}
    </section>
  );
}

function InboxEntry({ comment, onDone }: { comment: InboxComment; onDone: () => void }) {
  const cache = useQueryClient();
  const { author, to, text, at, record, workspace, dataset } = comment;
  const [answering, setAnswering] = useState(false);
  const [words, setWords] = useState("");
  const sent = useMutation({
    mutationFn: () => reply(comment, words.trim()),
    onSuccess: () => cache.invalidateQueries({ queryKey: inboxQuery.queryKey }),
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    if (words.trim() && !sent.isPending) sent.mutate();
  }

  return (
    <li className={classes["item"]}>
      <div className={classes["head"]}>
        <strong>{author}</strong> {to && inboxText.to(to)} · <Ago time={at} /> ·{" "}
        <Anchor component={Link} to="/datasets/$workspace/$name" params={{ workspace, name: dataset } as never} search={{ record } as never} size="sm">
          {inboxText.on(record, dataset)}
        </Anchor>
      </div>
      <p className={classes["words"]} dir="auto">{text}</p>
      {answering ? (
        <form onSubmit={submit} className={classes["answer"]}>
          <TextInput
            className={classes["grow"] ?? ""}
            size="xs"
            autoFocus
            aria-label={inboxText.replyTo(author, record)}
            value={words}
            maxLength={10_000}
            onChange={(event) => { setWords(event.currentTarget.value); }}
            onKeyDown={(event) => { if (event.key === "Escape") setAnswering(false); }}
          />
          <Button type="submit" size="xs" loading={sent.isPending} disabled={!words.trim()}>
            {inboxText.send}
          </Button>
          <Button size="xs" variant="default" onClick={() => { setAnswering(false); }}>
            {t.common.cancel}
          </Button>
        </form>
      ) : (
        <Group gap="xs">
          <Button size="compact-sm" variant="default" aria-label={inboxText.replyTo(author, record)} onClick={() => { setAnswering(true); }}>
            {inboxText.reply}
          </Button>
          <Button size="compact-sm" variant="default" aria-label={inboxText.doneOf(author, record)} onClick={onDone}>
            {inboxText.done}
          </Button>
        </Group>
      )}
      {sent.error && <p role="alert" className={classes["failure"]}>{sent.error.message}</p>}
    </li>
  );
}
