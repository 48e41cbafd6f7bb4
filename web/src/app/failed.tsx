/** Reason why something could not be read, with the way to try again; a query that is wrong is shown with the place. */

import { Button, Group } from "@mantine/core";

import { ApiError } from "@/api/client";
import { queryText, type View } from "@/core/view";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";
import { translated } from "@/text/translated";
import { Empty } from "@/ui/empty";

import classes from "./failed.module.css";

interface FailedProps {
  readonly failure: Error;
  readonly onRetry: () => void;
  /** View that was queried, where it may be the reason. */
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

/** Place where a query went wrong; null for other failures. The server counts characters, the browser units of them. */
function placeIn(query: string, failure: Error): { letters: readonly string[]; at: number; reason: string } | null {
  if (!(failure instanceof ApiError) || failure.code !== "InvalidTextSearchError") return null;
  const { position, reason } = failure.params as { position?: number; reason?: string };
  const letters = [...query];
  return position === undefined ? null : { letters, at: Math.min(position, letters.length), reason: translated(reason ?? "") };
}

/** Reason why a query, or what else was sent, is refused; with the place, if it is about one. */
export function whyRefused(query: string, failure: Error): string {
  const place = placeIn(query, failure);
  return place?.reason ? annotatingText.badQuery.at(place.reason, place.at + 1) : failure.message;
}

/** The query with the place marked, and what is wrong there. */
export function WrongPlace({ query, failure }: { query: string; failure: Error }) {
  const place = placeIn(query, failure);
  return (
    <>
      {place && (
        <pre className={classes["query"]} aria-label={annotatingText.badQuery.query}>
          {place.letters.slice(0, place.at).join("")}
          <mark>{place.letters[place.at] ?? " "}</mark>
          {place.letters.slice(place.at + 1).join("")}
        </pre>
      )}
      <p>{whyRefused(query, failure)}</p>
    </>
  );
}

function BadQuery({ failure, query, view, onView }: { failure: ApiError; query: string; view: View | undefined; onView: FailedProps["onView"] }) {
  return (
    <Empty title={t.annotate.badQuery} alert>
      <WrongPlace query={query} failure={failure} />
      <Group justify="center" gap="xs">
        <Button onClick={() => { document.querySelector<HTMLElement>("[role=search] input")?.focus(); }}>{annotatingText.badQuery.edit}</Button>
        {view && onView && (
          <Button variant="default" onClick={() => { onView({ q: "", page: 1, record: null }); }}>
            {t.common.clear}
          </Button>
        )}
      </Group>
    </Empty>
  );
}
