/** The filters in a row; behind a button on a small screen, or far zoomed in, where the text comes first. */

import { Button } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { memo, useState } from "react";

import { t } from "@/text/en";

import { FilterBar, type FilterBarProps } from "./filter-bar";
import classes from "./filters.module.css";

const Filters = memo(FilterBar);

export function FoldingFilters(props: FilterBarProps) {
  const [unfolded, setUnfolded] = useState(false);
  return (
    <>
      <Button
        className={classes["unfold"] ?? ""}
        variant="default"
        size="sm"
        px={10}
        leftSection={<IconFilter size={15} />}
        aria-expanded={unfolded}
        onClick={() => { setUnfolded(!unfolded); }}
      >
        {t.filters.bar}
      </Button>
      <div className={classes["folding"]} data-unfolded={unfolded || undefined}>
        <Filters {...props} />
      </div>
    </>
  );
}
