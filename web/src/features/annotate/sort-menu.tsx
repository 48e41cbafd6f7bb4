/** Sorting by one field or several. */

import { ActionIcon, Button, Group, Popover, Select, Stack, Text } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconChevronDown, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { DatasetRef } from "@/core/model";
import type { View } from "@/core/view";
import { say } from "@/text/annotating";
import { t } from "@/text/en";

import { metadataKey, metadataKeysQuery } from "./use-facets";

const FIELDS = ["id", "last_updated", "event_timestamp", "score", "status", "predicted_as", "annotated_as", "predicted_by", "annotated_by"];

function fieldName(field: string): string {
  return metadataKey(field) ?? say.find.sortNames[field] ?? t.filters.names[field] ?? field;
}

export function SortMenu({ dataset, view, onView }: { dataset: DatasetRef; view: View; onView: (part: Partial<View>) => void }) {
  const [open, setOpen] = useState(false);
  const [sort, setSort] = useState<readonly string[]>(view.sort);
  const keys = useQuery({ ...metadataKeysQuery(dataset), enabled: open });
  const bare = (each: string) => each.replace(/^-/, "");
  const used = sort.map(bare);
  const choices = [...FIELDS, ...(keys.data ?? []).map((key) => `metadata.${key}`)].filter((each) => !used.includes(each));

  function change(next: boolean) {
    setOpen(next);
    if (next) setSort(view.sort);
  }

  return (
    <Popover opened={open} onChange={change} position="bottom-start" width={320} trapFocus returnFocus>
      <Popover.Target>
        <Button
          size="compact-sm"
          variant={view.sort.length ? "light" : "subtle"}
          color={view.sort.length ? "pine" : "gray"}
          rightSection={<IconChevronDown size={14} />}
          onClick={() => { change(!open); }}
        >
          {t.filters.sort}
          {view.sort.length > 0 && ` (${String(view.sort.length)})`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="xs" aria-label={t.filters.sort}>
        <Stack gap={4}>
          {!sort.length && <Text size="sm" c="dimmed">{t.filters.noSort}</Text>}
          {sort.map((each) => {
            const down = each.startsWith("-");
            const name = bare(each);
            return (
              <Group key={name} gap={4} wrap="nowrap">
                <Text size="sm" flex={1} truncate>
                  {fieldName(name)}
                </Text>
                <ActionIcon
                  aria-label={t.filters.turnSort(fieldName(name))}
                  title={down ? t.filters.descending : t.filters.ascending}
                  onClick={() => { setSort(sort.map((one) => (one === each ? (down ? name : `-${name}`) : one))); }}
                >
                  {down ? <IconArrowDown size={16} /> : <IconArrowUp size={16} />}
                </ActionIcon>
                <ActionIcon aria-label={t.filters.removeSort(fieldName(name))} onClick={() => { setSort(sort.filter((one) => one !== each)); }}>
                  <IconX size={16} />
                </ActionIcon>
              </Group>
            );
          })}
          <Select
            key={sort.length}
            size="xs"
            aria-label={t.filters.addSort}
            placeholder={t.filters.addSort}
            data={choices.map((each) => ({ value: each, label: fieldName(each) }))}
            searchable
            comboboxProps={{ withinPortal: false }}
            onChange={(field) => { if (field) setSort([...sort, field]); }}
          />
        </Stack>
        <Group justify="flex-end" gap="xs" mt="xs">
          <Button size="compact-sm" variant="default" onClick={() => { setOpen(false); }}>
            {t.common.cancel}
          </Button>
          <Button
            size="compact-sm"
            onClick={() => {
              setOpen(false);
              onView({ sort, page: 1, record: null });
            }}
          >
            {t.filters.applySort}
          </Button>
        </Group>
      </Popover.Dropdown>
    </Popover>
  );
}
