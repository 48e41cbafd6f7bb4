/** Why something could not be read, with the way to try again; a query that is wrong is shown with the place. */

import { Button, Group } from "@mantine/core";

import { ApiError } from "@/api/client";
import { queryText, type View } from "@/core/view";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";
import { Empty } from "@/ui/empty";

import classes from "./failed.module.css";

interface FailedProps {
  readonly failure: Error;
  readonly onRetry: () => void;
  /** What was query for, where it may be the reason. */
  readonly view?: View;
  readonly onView?: (part: Partial<View>) => void;
}

export function Failed({ failure, onRetry, view, onView }: FailedProps) {
  const code = failure instanceof ApiError ? failure.code : "";
  const query = view ? queryText(view) : "";
  if (failure instanceof ApiError && code === "InvalidTextSearchError" && query) return <BadQuery failure={failure} query={query} view={view} onView={onView} />;
  const title =
    code === "InvalidTextSearchError"
      ? t.annotate.badQuery
      : code === "ClosedDatasetError"
        ? t.annotate.closed
        : t.annotate.failed;
  return (
    <Empty title={title} alert>
      <p>{failure.message}</p>
      <Button variant="default" onClick={onRetry}>
        {t.common.retry}
      </Button>
    </Empty>
  );
}

/** A query with the place in it where it went wrong. The server counts characters, the browser units of them. */
function BadQuery({ failure, query, view, onView }: { failure: ApiError; query: string; view: View | undefined; onView: FailedProps["onView"] }) {
  const { position, reason } = failure.params as { position?: number; reason?: string };
  const letters = [...query];
  const at = Math.min(position ?? letters.length, letters.length);
  return (
    <Empty title={t.annotate.badQuery} alert>
      {position !== undefined && (
        <pre className={classes["query"]} aria-label={annotatingText.find.query}>
          {letters.slice(0, at).join("")}
          <mark>{letters[at] ?? " "}</mark>
          {letters.slice(at + 1).join("")}
        </pre>
      )}
      <p>{reason && position !== undefined ? annotatingText.find.badHere(reason, at + 1) : failure.message}</p>
      <Group justify="center" gap="xs">
        <Button onClick={() => { document.querySelector<HTMLElement>("[role=search] input")?.focus(); }}>{annotatingText.find.edit}</Button>
        {view && onView && (
          <Button variant="default" onClick={() => { onView({ q: "", page: 1, record: null }); }}>
            {t.common.clear}
          </Button>
        )}
      </Group>
    </Empty>
  );
}
