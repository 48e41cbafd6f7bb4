/** Comments on a record, and a field to answer them. */

import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type RefObject, useState } from "react";

import { comment, commentsQuery } from "@/api/review";
import type { DatasetRef } from "@/core/model";
import { reviewText } from "@/text/review";
import { Ago } from "@/ui/time";

import { ReviewKey } from "./review-key";
import classes from "./review.module.css";

interface Props {
  readonly dataset: DatasetRef;
  readonly id: string;
  readonly me: string;
  readonly nameOf: (person: string) => string;
  readonly field: RefObject<HTMLInputElement | null>;
}

export function Comments({ dataset, id, me, nameOf, field }: Props) {
  const cache = useQueryClient();
  const { data: comments = [], error } = useQuery(commentsQuery(dataset, id));
  const [text, setText] = useState("");
  const [chosen, setTo] = useState<string | null>(null);
  // whoever spoke last is answered, unless somebody else is chosen
  const to = chosen ?? comments.findLast((each) => each.author !== me)?.author ?? null;
  const send = useMutation({
    mutationFn: () => comment(dataset, id, text.trim(), to),
    onSuccess: async () => {
      setText("");
      await cache.invalidateQueries({ queryKey: commentsQuery(dataset, id).queryKey });
    },
  });
  const failure = send.error ?? error;

  return (
    <section className={classes["comments"]} aria-label={reviewText.comments}>
      <h2 className={classes["part"]}>{reviewText.comments}</h2>
      {comments.length > 0 && (
        <ul className={classes["entries"]}>
          {comments.map((each) => (
            <li key={`${each.at}${each.author}${each.text}`}>
              <strong>{each.author === me ? reviewText.author : nameOf(each.author)}</strong>
              {each.to && <> {reviewText.addressedTo(each.to === me ? reviewText.you : nameOf(each.to))}</>}
              <span className={classes["when"]}>
                {" "}
                <Ago time={each.at} />
              </span>
              <div dir="auto" className={classes["words"]}>{each.text}</div>
              {each.author !== me && (
                <Button size="compact-xs" variant="subtle" color="gray" onClick={() => { setTo(each.author); field.current?.focus(); }}>
                  {reviewText.reply}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      <form
        className={classes["say"]}
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim()) send.mutate();
        }}
      >
        <TextInput
          ref={field}
          className={classes["grow"] ?? ""}
          aria-label={to ? reviewText.replyTo(nameOf(to)) : reviewText.addComment}
          placeholder={to ? reviewText.replyTo(nameOf(to)) : reviewText.addComment}
          value={text}
          onChange={(event) => { setText(event.currentTarget.value); }}
          onKeyDown={(event) => { if (event.key === "Escape") event.currentTarget.blur(); }}
          rightSection={<ReviewKey action="comment" />}
        />
        <Button type="submit" variant="default" loading={send.isPending} disabled={!text.trim()}>
          {reviewText.send}
        </Button>
      </form>
      {failure && <p role="alert" className={classes["failure"]}>{failure.message}</p>}
    </section>
  );
}
