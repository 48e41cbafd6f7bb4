/** What there is to say when no record can be shown. */

import { Button, Group } from "@mantine/core";

import { ApiError } from "@/api/client";
import type { WhyEmpty } from "@/api/codes";
import type { DatasetRef } from "@/core/model";
import { queryText, type View } from "@/core/view";
import { annotatingText } from "@/text/annotating";
import { whyEmpty } from "@/text/codes";
import { t } from "@/text/en";
import { Empty } from "@/ui/empty";

import classes from "./nothing.module.css";

export function NothingFound({ dataset, view, onView }: { dataset: DatasetRef; view: View; onView: (part: Partial<View>) => void }) {
  if (view.q || Object.keys(view.filters).length) {
    return (
      <Empty title={t.annotate.noMatch}>
        <p>{t.annotate.noMatchIntro}</p>
        <Button variant="default" onClick={() => { onView({ q: "", filters: {}, page: 1, record: null }); }}>
          {t.annotate.removeFilters}
        </Button>
      </Empty>
    );
  }
  const code = `import apportion as rg\n\nrg.log(records, name="${dataset.name}", workspace="${dataset.workspace}")`;
  return (
    <Empty title={t.annotate.noRecords} code={code}>
      {t.annotate.noRecordsIntro}
    </Empty>
  );
}

interface FailedProps {
  readonly failure: Error;
  readonly onRetry: () => void;
  /** What was asked for, where it may be the reason. */
  readonly view?: View;
  readonly onView?: (part: Partial<View>) => void;
}

export function Failed({ failure, onRetry, view, onView }: FailedProps) {
  const code = failure instanceof ApiError ? failure.code : "";
  const asked = view ? queryText(view) : "";
  if (failure instanceof ApiError && code === "InvalidTextSearchError" && asked) return <BadQuery failure={failure} asked={asked} view={view} onView={onView} />;
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
function BadQuery({ failure, asked, view, onView }: { failure: ApiError; asked: string; view: View | undefined; onView: FailedProps["onView"] }) {
  const { position, reason } = failure.params as { position?: number; reason?: string };
  const letters = [...asked];
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

interface NothingAssignedProps {
  readonly why: WhyEmpty | null;
  readonly view: View;
  readonly onView: (part: Partial<View>) => void;
  readonly onReload: () => void;
}

export function NothingAssigned({ why, view, onView, onReload }: NothingAssignedProps) {
  const filtered = Boolean(view.q) || Object.keys(view.filters).length > 0;
  return (
    <Empty title={t.queue.empty}>
      {why && <p>{whyEmpty[why]}</p>}
      {filtered && <p>{t.queue.filtered}</p>}
      {filtered && (
        <Button variant="default" mr="xs" onClick={() => { onView({ q: "", filters: {}, page: 1, record: null }); }}>
          {t.annotate.removeFilters}
        </Button>
      )}
      <Button variant="default" onClick={onReload}>
        {t.annotate.reload}
      </Button>
    </Empty>
  );
}
