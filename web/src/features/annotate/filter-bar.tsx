/** Filters in groups as in 1.6: open a group, pick values with their counts, apply. Nothing applies before. */

import { Button, Group, Popover, RangeSlider, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { DatasetRef } from "@/core/model";
import { isRange, rangeOf, readRange, searchBody, type View } from "@/core/view";
import { say } from "@/text/annotating";
import { t } from "@/text/en";

import classes from "./filters.module.css";
import { SortMenu } from "./sort-menu";
import { metadataKey, metadataKeysQuery } from "./use-facets";
import { ValuePicker } from "./value-picker";

type Filters = View["filters"];

interface Props {
  readonly dataset: DatasetRef;
  readonly view: View;
  readonly onView: (part: Partial<View>) => void;
}

export function FilterBar({ dataset, view, onView }: Props) {
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
      {group(say.find.assigned, ["assigned_to", "assignment"])}
      <MetadataGroup dataset={dataset} view={view} onApply={apply} />
      <SortMenu dataset={dataset} view={view} onView={onView} />
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
  const [asked, setAsked] = useState(false);
  const keys = useQuery({ ...metadataKeysQuery(dataset), enabled: asked });
  const names = (keys.data ?? []).map((key) => `metadata.${key}`);
  const active = Object.keys(view.filters).map(bare).filter((name) => name.startsWith("metadata."));
  return (
    <Panel
      title={t.filters.metadata}
      names={names.length ? names : active}
      dataset={dataset}
      view={view}
      onApply={onApply}
      onOpen={() => { setAsked(true); }}
      waiting={keys.isPending}
    />
  );
}

/** A filter by numbers is about the field that its name ends with. */
const bare = (filter: string) => (isRange(filter) ? filter.slice(rangeOf("").length) : filter);

export function nameOf(filter: string): string {
  return metadataKey(bare(filter)) ?? t.filters.names[filter] ?? say.find.names[filter] ?? filter;
}

interface PanelProps extends GroupProps {
  readonly title: string;
  readonly names: readonly string[];
  readonly onOpen?: () => void;
  readonly waiting?: boolean;
}

/** What is picked stays in the panel until it is applied, however many filters of the group it is about. */
function Panel({ title, names, dataset, view, onApply, onOpen, waiting }: PanelProps) {
  const [open, setOpen] = useState(false);
  const [picked, setPicked] = useState<Filters>(view.filters);
  const [unfolded, setUnfolded] = useState<string | null>(null);
  const used = (filters: Filters, name: string) => Boolean(filters[name]?.length ?? filters[rangeOf(name)]?.length);
  const count = names.filter((name) => used(view.filters, name)).length;
  const only = names.length === 1 ? names[0] : undefined;

  function change(next: boolean) {
    setOpen(next);
    if (!next) return;
    onOpen?.();
    setPicked(view.filters);
    setUnfolded(only ?? names.find((name) => used(view.filters, name)) ?? null);
  }

  function apply() {
    setOpen(false);
    onApply(Object.fromEntries(Object.entries(picked).filter(([, values]) => values.length)));
  }

  const pick = (name: string, values: readonly string[]) => { setPicked({ ...picked, [name]: values }); };
  return (
    <Popover opened={open} onChange={change} position="bottom-start" width={320} trapFocus returnFocus>
      <Popover.Target>
        <Button
          size="compact-sm"
          variant={count ? "light" : "subtle"}
          color={count ? "pine" : "gray"}
          rightSection={<IconChevronDown size={14} />}
          onClick={() => { change(!open); }}
        >
          {title}
          {count > 0 && ` (${String(count)})`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="xs" aria-label={title}>
        <Stack gap={2}>
          {waiting && !names.length && <Text size="sm">{t.common.loading}…</Text>}
          {!waiting && !names.length && <Text size="sm">{t.filters.noValues}</Text>}
          {names.map((name) => (
            <div key={name}>
              {only === undefined && (
                <UnstyledButton
                  className={classes["fold"] ?? ""}
                  aria-expanded={unfolded === name}
                  onClick={() => { setUnfolded(unfolded === name ? null : name); }}
                >
                  <IconChevronRight size={14} aria-hidden className={classes["arrow"] ?? ""} />
                  <span>{nameOf(name)}</span>
                  {used(picked, name) && (
                    <span className={classes["few"]}>{shown(name, picked[name] ?? []) || shown(rangeOf(name), picked[rangeOf(name)] ?? [])}</span>
                  )}
                </UnstyledButton>
              )}
              {unfolded === name &&
                (name === "score" ? (
                  <Score value={picked[name]?.[0]} onChange={(value) => { pick(name, value ? [value] : []); }} />
                ) : (
                  <ValuePicker
                    dataset={dataset}
                    body={searchBody(view, name)}
                    filter={name}
                    picked={picked[name] ?? []}
                    onPick={(values) => { pick(name, values); }}
                    range={picked[rangeOf(name)]?.[0]}
                    onRange={(value) => { pick(rangeOf(name), value ? [value] : []); }}
                  />
                ))}
            </div>
          ))}
        </Stack>
        <Group justify="flex-end" gap="xs" mt="xs">
          <Button size="compact-sm" variant="default" onClick={() => { setOpen(false); }}>
            {t.common.cancel}
          </Button>
          <Button size="compact-sm" onClick={apply}>
            {t.filters.apply}
          </Button>
        </Group>
      </Popover.Dropdown>
    </Popover>
  );
}

export function shown(filter: string, values: readonly string[]): string {
  if (isRange(filter)) {
    const { from, to } = readRange(values[0]);
    return from || to ? say.find.range(from, to) : "";
  }
  if (filter === "assignment") return values.map((each) => say.find.states[each] ?? each).join(", ");
  if (filter === "score") return (values[0] ?? "").split("-").map((each) => `${String(Math.round(Number(each) * 100))} %`).join(" – ");
  return values.map((each) => (filter.startsWith("metadata.") ? each : (t.filters.values[each] ?? each))).join(", ");
}

function Score({ value, onChange }: { value: string | undefined; onChange: (value: string | null) => void }) {
  const [from = 0, to = 1] = (value ?? "0-1").split("-").map(Number);
  return (
    <div className={classes["score"]}>
      <RangeSlider
        min={0}
        max={100}
        minRange={0}
        thumbSize={24}
        value={[Math.round(from * 100), Math.round(to * 100)]}
        onChange={([low, high]) => { onChange(low === 0 && high === 100 ? null : `${String(low / 100)}-${String(high / 100)}`); }}
        label={(each) => `${String(each)} %`}
        thumbFromLabel={t.filters.from}
        thumbToLabel={t.filters.to}
      />
      <Text size="xs" c="dimmed" mt={6}>
        {shown("score", [`${String(from)}-${String(to)}`])}
      </Text>
    </div>
  );
}

/** What is filtered by right now, each with a way out. */
export function ActiveFilters({ view, onView }: Omit<Props, "dataset">) {
  const active = Object.entries(view.filters);
  if (!active.length) return null;
  const without = (gone: string) => Object.fromEntries(active.filter(([name]) => name !== gone));
  return (
    <div className={classes["chips"]}>
      {active.map(([name, values]) => (
        <span key={name} className={classes["chip"]}>
          <span className={classes["chipname"]}>{nameOf(name)}</span>
          {shown(name, values)}
          <UnstyledButton
            className={classes["gone"] ?? ""}
            aria-label={t.filters.remove(nameOf(name))}
            onClick={() => { onView({ filters: without(name), page: 1, record: null }); }}
          >
            <IconX size={13} aria-hidden />
          </UnstyledButton>
        </span>
      ))}
      {active.length > 1 && (
        <Button size="compact-xs" variant="subtle" color="gray" onClick={() => { onView({ filters: {}, page: 1, record: null }); }}>
          {t.filters.clearAll}
        </Button>
      )}
    </div>
  );
}
