/** By which fields records are sorted, and which way round each. */

import { ActionIcon, Button, Group, Select, Stack, Text } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { DatasetRef } from "@/core/model";
import type { View } from "@/core/view";
import { t } from "@/text/en";
import { toolsText } from "@/text/tools";

import { metadataKeysQuery } from "./use-facets";

const FIELDS = ["id", "last_updated", "event_timestamp", "score", "status", "predicted_as", "annotated_as", "predicted_by", "annotated_by"];

function fieldName(field: string): string {
  return toolsText.find.sortNames[field] ?? t.filters.names[field] ?? field;
}

interface Props {
  readonly dataset: DatasetRef;
  readonly view: View;
  readonly onView: (part: Partial<View>) => void;
  readonly onClose: () => void;
}

export default function SortPanel({ dataset, view, onView, onClose }: Props) {
  const [sort, setSort] = useState<readonly string[]>(view.sort);
  const keys = useQuery(metadataKeysQuery(dataset));
  const bare = (each: string) => each.replace(/^-/, "");
  const used = sort.map(bare);
  const choices = [...FIELDS, ...(keys.data ?? []).map((key) => `metadata.${key}`)].filter((each) => !used.includes(each));
  return (
    <>
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
        <Button size="compact-sm" variant="default" onClick={onClose}>
          {t.common.cancel}
        </Button>
        <Button
          size="compact-sm"
          onClick={() => {
            onClose();
            onView({ sort, page: 1, record: null });
          }}
        >
          {t.filters.applySort}
        </Button>
      </Group>
    </>
  );
}
