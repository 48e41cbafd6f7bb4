/** Filters in groups as in 1.6: open a group, pick values with their counts, apply. Nothing applies before. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { DatasetRef } from "@/core/model";
import type { View } from "@/core/view";
import { t } from "@/text/en";
import { toolsText } from "@/text/tools";
import { panel } from "@/ui/panel";

import { bareName } from "./filter-words";
import classes from "./filters.module.css";
import { GroupButton } from "./group-button";
import { metadataKeysQuery } from "./use-facets";

const FilterPanel = panel(() => import("./filter-panel"));
const SortPanel = panel(() => import("./sort-panel"));

type Filters = View["filters"];

export interface FilterBarProps {
  readonly dataset: DatasetRef;
  readonly view: View;
  readonly onView: (part: Partial<View>) => void;
}

export function FilterBar({ dataset, view, onView }: FilterBarProps) {
  const labelled = dataset.task !== "Text2Text";
  const apply = (filters: Filters) => { onView({ filters, page: 1, record: null }); };
  const group = (title: string, names: readonly string[]) => (
    <FilterGroup key={title} title={title} names={names} dataset={dataset} view={view} onApply={apply} />
  );
  return (
    <div className={classes["bar"]} role="group" aria-label={t.filters.bar}>
      {group(t.filters.predictions, [...(labelled ? ["predicted_as", "predicted"] : []), "score", "predicted_by"])}
      {group(t.filters.annotations, [...(labelled ? ["annotated_as"] : []), "annotated_by"])}
      {group(t.filters.status, ["status"])}
      {group(toolsText.find.assigned, ["assigned_to", "assignment"])}
      {dataset.task === "TextClassification" && group(toolsText.ruleFilter.title, ["covered", "rule"])}
      <MetadataGroup dataset={dataset} view={view} onApply={apply} />
      <GroupButton title={t.filters.sort} count={view.sort.length}>
        {(close) => <SortPanel dataset={dataset} view={view} onView={onView} onClose={close} />}
      </GroupButton>
    </div>
  );
}

interface GroupProps {
  readonly dataset: DatasetRef;
  readonly view: View;
  readonly onApply: (filters: Filters) => void;
}

function FilterGroup({ title, names, ...rest }: GroupProps & { title: string; names: readonly string[] }) {
  return <Panel title={title} names={names} {...rest} />;
}

function MetadataGroup({ dataset, view, onApply }: GroupProps) {
  const [opened, setOpened] = useState(false);
  const keys = useQuery({ ...metadataKeysQuery(dataset), enabled: opened });
  const names = (keys.data ?? []).map((key) => `metadata.${key}`);
  const active = Object.keys(view.filters).map(bareName).filter((name) => name.startsWith("metadata."));
  return (
    <Panel
      title={t.filters.metadata}
      names={names.length ? names : active}
      dataset={dataset}
      view={view}
      onApply={onApply}
      onOpen={() => { setOpened(true); }}
      waiting={keys.isPending}
    />
  );
}

interface PanelProps extends GroupProps {
  readonly title: string;
  readonly names: readonly string[];
  readonly onOpen?: () => void;
  readonly waiting?: boolean;
}

function Panel({ title, names, dataset, view, onApply, onOpen, waiting }: PanelProps) {
  const count = Object.keys(view.filters).filter((name) => names.includes(bareName(name))).length;
  return (
    <GroupButton title={title} count={count} {...(onOpen ? { onOpen } : {})}>
      {(close) => (
        <FilterPanel
          names={names}
          dataset={dataset}
          view={view}
          waiting={waiting ?? false}
          onApply={(filters) => {
            close();
            onApply(filters);
          }}
          onClose={close}
        />
      )}
    </GroupButton>
  );
}
