/** Comments on a record, oldest first. */

import { Text } from "@mantine/core";

import type { Comment } from "@/api/work";
import { t } from "@/text/en";
import { Ago } from "@/ui/time";

import classes from "./sidebar.module.css";

export function Comments({ comments }: { comments: readonly Comment[] }) {
  return (
    <ul className={classes["entries"]} aria-label={t.comments.heading}>
      {comments.map((each) => (
        <li key={`${each.at}-${each.author}`}>
          <Text size="xs" c="dimmed" component="div">
            {each.to ? t.comments.fromTo(each.author, each.to) : each.author} · <Ago time={each.at} />
          </Text>
          <div className={classes["words"]}>{each.text}</div>
        </li>
      ))}
    </ul>
  );
}
