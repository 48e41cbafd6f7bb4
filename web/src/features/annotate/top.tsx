/** The top of a dataset's page: its head, and the tools where they are not in the way. */

import { ActionIcon } from "@mantine/core";
import { IconBook, IconDots } from "@tabler/icons-react";
import { Suspense } from "react";

import { DatasetHead } from "@/app/dataset-head";
import { useHint } from "@/features/annotate/use-hint";
import { frameText } from "@/text/frame";
import { t } from "@/text/en";

import classes from "./dataset-page.module.css";
import { ActiveFilters, Tools } from "./panels";
import type { ToolsProps } from "./tools";

interface Props extends ToolsProps {
  readonly guidelines: boolean;
  readonly tools: boolean;
  readonly onTools: () => void;
}

export function Top({ guidelines, tools, onTools, ...props }: Props) {
  const { dataset, view, asked, onView, onScreen } = props;
  const queue = view.layout === "queue";
  const hint = useHint();
  return (
    <div className={classes["top"]}>
      <DatasetHead workspace={dataset.workspace} name={dataset.name}>
        <ActionIcon aria-label={t.guidelines.title} title={hint(t.guidelines.title, "guidelines")} aria-pressed={guidelines} onClick={() => { onScreen("guidelines"); }}>
          <IconBook size={18} />
        </ActionIcon>
        {queue && (
          <ActionIcon aria-label={frameText.queue.tools} title={frameText.queue.tools} aria-expanded={tools} onClick={onTools}>
            <IconDots size={18} />
          </ActionIcon>
        )}
      </DatasetHead>
      {(!queue || tools) && (
        <Suspense fallback={<div className={classes["row"]} />}>
          <Tools {...props} />
        </Suspense>
      )}
      {Object.keys(asked.filters).length > 0 && (
        <Suspense>
          <ActiveFilters view={asked} onView={onView} />
        </Suspense>
      )}
    </div>
  );
}
