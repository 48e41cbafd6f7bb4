/** Under a page of records: how many to a page, reading anew, and the other pages. */

import { ActionIcon, Group, Pagination, Select, Text, Tooltip } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";

import { SIZES, type View } from "@/core/view";
import { t } from "@/text/en";
import { toolsText } from "@/text/tools";

const REACH = 10_000;

interface Props {
  readonly view: View;
  readonly total: number;
  /** Records that cannot be found yet. */
  readonly late: number;
  readonly fetching: boolean;
  readonly onView: (part: Partial<View>) => void;
  readonly onRefresh: () => void;
}

export function PageFooter({ view, total, late, fetching, onView, onRefresh }: Props) {
  const pages = Math.ceil(Math.min(total, REACH) / view.size);
  return (
    <Group justify="space-between" py="sm">
      <Group gap={6}>
        <Select
          size="xs"
          w={90}
          aria-label={t.annotate.perPage}
          data={SIZES.map(String)}
          value={String(view.size)}
          onChange={(size) => { onView({ size: Number(size), page: 1 }); }}
          allowDeselect={false}
        />
        <Tooltip label={toolsText.find.refresh}>
          <ActionIcon aria-label={toolsText.find.refresh} loading={fetching} onClick={onRefresh}>
            <IconRefresh size={16} />
          </ActionIcon>
        </Tooltip>
        {late > 0 && <Text size="xs" c="dimmed" role="status">{t.annotate.late(late)}</Text>}
      </Group>
      <Pagination
        size="sm"
        total={pages}
        value={Math.min(view.page, pages)}
        onChange={(page) => {
          onView({ page });
          window.scrollTo({ top: 0 });
        }}
        getItemProps={(page) => ({ "aria-label": t.annotate.page(page, pages) })}
        getControlProps={(control) => ({
          "aria-label": control === "previous" ? t.annotate.previousPage : t.annotate.nextPage,
        })}
      />
    </Group>
  );
}
