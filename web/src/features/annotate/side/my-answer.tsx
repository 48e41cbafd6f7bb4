/** About the record in front, asked for once one stays with it: a decision, what was said, one's earlier answers. */

import { Button, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { commentsQuery, historyQuery, mineQuery } from "@/api/work";
import { useOutbox } from "@/app/outbox-provider";
import type { RecordEdit } from "@/core/edit-session";
import { versionSeen } from "@/core/outbox";
import type { DatasetRef } from "@/core/model";
import { ActionKey } from "@/record/annotator-settings";
import { codesText } from "@/text/codes";
import { t } from "@/text/en";
import { Ago } from "@/ui/time";

import { Comments } from "./comments";
import { Decided, inWords } from "./feedback";
import classes from "./sidebar.module.css";

const REST_MS = 400;

interface Props {
  readonly dataset: DatasetRef;
  readonly edit: RecordEdit;
  readonly results: boolean;
  /** Says nothing where there is nothing to say. */
  readonly quiet?: boolean;
  /** Was anything said about it, as far as one knows? */
  readonly commented?: boolean;
  readonly onFlag: (id: string) => void;
}

export function MyAnswer({ dataset, edit, results, quiet = false, commented = true, onFlag }: Props) {
  const { record, now } = edit;
  const answered = !results && (now.state === "submitted" || now.state === "discarded");
  // an answer that was just given leads on to the next record, where nothing is to be asked about this one
  const place = `${answered ? "answered" : "open"} ${record.id}`;
  const [resting, setResting] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => { setResting(place); }, REST_MS);
    return () => { clearTimeout(timer); };
  }, [place]);
  const enabled = resting === place;
  const individual = dataset.individual !== undefined;
  const mine = useQuery({ ...mineQuery(dataset, record), enabled: enabled && individual && answered });
  const comments = useQuery({ ...commentsQuery(dataset, record.id), enabled: enabled && commented });
  // who has never answered it has no earlier answers
  const before = answered || versionSeen(record.seen) !== 0;
  const history = useQuery({ ...historyQuery(dataset, record), enabled: enabled && individual && !results && !quiet && before });
  const { user } = useOutbox();
  const text = record.fields[0]?.text ?? "";
  const past = history.data?.filter((each) => each.annotator === user) ?? [];
  return (
    <>
      {answered && mine.data?.gold && <Decided gold={mine.data.gold} mine={now} text={text} />}
      {(!quiet || (comments.data && comments.data.length > 0)) && (
        <section className={classes["part"]}>
          <div className={classes["row"]}>
            <Title order={2} size="sm">
              {t.comments.heading}
            </Title>
            <Button size="compact-xs" variant="default" onClick={() => { onFlag(record.id); }} rightSection={<ActionKey action="flag" />}>
              {t.comments.flag}
            </Button>
          </div>
          {comments.data && comments.data.length > 0 ? <Comments comments={comments.data} /> : <Text size="xs" c="dimmed">{t.comments.none}</Text>}
        </section>
      )}
      {past.length > 0 && (
        <section className={classes["part"]}>
          <Title order={2} size="sm">
            {t.history.title}
          </Title>
          <ol className={classes["entries"]} aria-label={t.history.title}>
            {past.map((each) => (
              <li key={each.version}>
                <Text size="xs" c="dimmed" component="div">
                  <Ago time={each.at} />
                  {codesText.historyReason[each.why] && ` · ${codesText.historyReason[each.why]}`}
                </Text>
                <div className={classes["words"]}>{inWords(each.answer, text)}</div>
              </li>
            ))}
          </ol>
        </section>
      )}
    </>
  );
}
