/** The filters of one group, opened: values with their counts. What is picked stays here until it is applied. */

import { Button, Group, RangeSlider, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";

import type { DatasetRef } from "@/core/model";
import { rangeOf, searchBody, type View } from "@/core/view";
import { t } from "@/text/en";
import { percentOf } from "@/text/format";

import { nameOf, shown } from "./filter-words";
import classes from "./filters.module.css";
import { ValuePicker } from "./value-picker";

type Filters = View["filters"];

interface Props {
  readonly names: readonly string[];
  readonly dataset: DatasetRef;
  readonly view: View;
  readonly waiting: boolean;
  readonly onApply: (filters: Filters) => void;
  readonly onClose: () => void;
}

const used = (filters: Filters, name: string) => Boolean(filters[name]?.length ?? filters[rangeOf(name)]?.length);

export default function FilterPanel({ names, dataset, view, waiting, onApply, onClose }: Props) {
  const only = names.length === 1 ? names[0] : undefined;
  const [picked, setPicked] = useState<Filters>(view.filters);
  const [chosen, setUnfolded] = useState<string | null | undefined>(undefined);
  const unfolded = chosen === undefined ? (only ?? names.find((name) => used(view.filters, name)) ?? null) : chosen;
  const pick = (name: string, values: readonly string[]) => { setPicked({ ...picked, [name]: values }); };
  return (
    <>
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
        <Button size="compact-sm" variant="default" onClick={onClose}>
          {t.common.cancel}
        </Button>
        <Button size="compact-sm" onClick={() => { onApply(Object.fromEntries(Object.entries(picked).filter(([, values]) => values.length))); }}>
          {t.filters.apply}
        </Button>
      </Group>
    </>
  );
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
        label={(each) => percentOf(each / 100)}
        thumbFromLabel={t.filters.from}
        thumbToLabel={t.filters.to}
      />
      <Text size="xs" c="dimmed" mt={6}>
        {shown("score", [`${String(from)}-${String(to)}`])}
      </Text>
    </div>
  );
}
