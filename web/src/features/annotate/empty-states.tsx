/** Messages for when no record can be shown. */

import { Button } from "@mantine/core";
import type { ReactNode } from "react";

import type { WhyEmpty } from "@/api/codes";
import type { DatasetRef } from "@/core/model";
import type { View } from "@/core/view";
import { codesText } from "@/text/codes";
import { t } from "@/text/en";
import { Empty } from "@/ui/empty";

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

interface NothingAssignedProps {
  readonly why: WhyEmpty | null;
  readonly view: View;
  readonly onView: (part: Partial<View>) => void;
  readonly onReload: () => void;
  /** The way on from here. */
  readonly children?: ReactNode;
}

export function NothingAssigned({ why, view, onView, onReload, children }: NothingAssignedProps) {
  const filtered = Boolean(view.q) || Object.keys(view.filters).length > 0;
  return (
    <Empty title={t.queue.empty}>
      {why && <p>{codesText.whyEmpty[why]}</p>}
      {filtered && <p>{t.queue.filtered}</p>}
      {children}
      {filtered && (
        <Button variant="default" me="xs" onClick={() => { onView({ q: "", filters: {}, page: 1, record: null }); }}>
          {t.annotate.removeFilters}
        </Button>
      )}
      <Button variant="default" onClick={onReload}>
        {t.annotate.reload}
      </Button>
    </Empty>
  );
}
