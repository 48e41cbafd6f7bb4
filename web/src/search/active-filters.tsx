/** Filters that are set, each with a way out. */

import { Button, UnstyledButton } from "@mantine/core";
import { IconX } from "@tabler/icons-react";

import type { View } from "@/core/view";
import { t } from "@/text/en";

import { nameOf, shown } from "./filter-words";
import classes from "./filters.module.css";

interface Props {
  readonly view: View;
  readonly onView: (part: Partial<View>) => void;
}

export function ActiveFilters({ view, onView }: Props) {
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
