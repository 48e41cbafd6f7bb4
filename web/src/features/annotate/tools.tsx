/** The tools of a dataset's page: how records are shown, search and filters. A queue shows them when asked. */

import { ActionIcon, SegmentedControl, TextInput } from "@mantine/core";
import { IconHelp, IconLayoutSidebarRight, IconSearch, IconX } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, Suspense, useEffect, useState } from "react";

import { meQuery } from "@/api/session";
import type { ScreenAction } from "@/core/keys";
import type { DatasetRef } from "@/core/model";
import { sees } from "@/core/roles";
import type { Layout, View } from "@/core/view";
import { useHint } from "@/features/annotate/use-hint";
import { FoldingFilters } from "@/search/folding-filters";
import { t } from "@/text/en";
import { resultsText } from "@/text/results";
import { toolsText } from "@/text/tools";
import { panel } from "@/ui/panel";

import classes from "./dataset-page.module.css";
import { DisplaySettings } from "./display-settings";

const AssignThese = panel(() => import("./assign-these"));
const RuleOfThis = panel(() => import("./rule-of-this"));
const ExportButton = panel(() => import("./export/export-button"));
const TrainButton = panel(() => import("./train/train-button"));
const SearchHelp = panel(() => import("@/search/search-help"));

export interface ToolsProps {
  readonly dataset: DatasetRef;
  readonly view: View;
  /** The view without the record in front. */
  readonly asked: View;
  readonly onView: (part: Partial<View>) => void;
  readonly onScreen: (action: ScreenAction) => void;
  readonly search: React.RefObject<HTMLInputElement | null>;
  /** Was the search asked for before it was there? Says so once. */
  readonly wanted: () => boolean;
  /** Is anything here assigned to me? */
  readonly mine: boolean;
  readonly sidebar: boolean;
  /** Records are shown as results, which are always a list. */
  readonly results: boolean;
}

export default function Tools({ dataset, view, asked, onView, onScreen, search, wanted, mine, sidebar, results }: ToolsProps) {
  const { workspace, name } = dataset;
  const { data: me } = useSuspenseQuery(meQuery);
  const hint = useHint();
  const layouts = [
    ...(mine || view.layout === "queue" ? [{ value: "queue", label: t.queue.title }] : []),
    ...(results ? [{ value: "list", label: resultsText.title }] : [{ value: "one", label: t.annotate.one }, { value: "list", label: t.annotate.list }]),
  ];
  return (
    <div className={classes["row"]}>
      <SearchBox key={view.q} dataset={dataset} field={search} text={view.q} wanted={wanted} onSearch={(q) => { onView({ q, page: 1, record: null }); }} />
      <FoldingFilters dataset={dataset} view={asked} onView={onView} />
      <div className={classes["actions"]}>
        {layouts.length > 1 && (
          <SegmentedControl
            size="xs"
            aria-label={t.annotate.layout}
            data={layouts}
            value={results && view.layout === "one" ? "list" : view.layout}
            onChange={(layout) => { onView({ layout: layout as Layout, page: 1, similar: null, own: false }); }}
          />
        )}
        <Suspense>
          {sees(me, workspace) && <AssignThese workspace={workspace} name={name} view={view} />}
          {dataset.task === "TextClassification" && view.q && <RuleOfThis workspace={workspace} name={name} q={view.q} />}
          {sees(me, workspace) && <ExportButton dataset={dataset} view={view} />}
          {sees(me, workspace) && <TrainButton dataset={dataset} />}
        </Suspense>
        <DisplaySettings task={dataset.task} />
        <ActionIcon aria-label={t.annotate.help} title={hint(t.annotate.help, "help")} onClick={() => { onScreen("help"); }}>
          <IconHelp size={18} />
        </ActionIcon>
        <ActionIcon aria-label={t.annotate.sidebar} title={hint(t.annotate.sidebar, "sidebar")} aria-pressed={sidebar} onClick={() => { onScreen("sidebar"); }}>
          <IconLayoutSidebarRight size={18} />
        </ActionIcon>
      </div>
    </div>
  );
}

interface SearchBoxProps {
  readonly dataset: DatasetRef;
  readonly field: React.RefObject<HTMLInputElement | null>;
  readonly text: string;
  readonly onSearch: (q: string) => void;
  readonly wanted: () => boolean;
}

/** Searches for what stands in it when Enter is pressed: nothing is delayed, so nothing is lost. */
function SearchBox({ dataset, field, text, onSearch, wanted }: SearchBoxProps) {
  const [words, setWords] = useState(text);
  const [help, setHelp] = useState(false);
  useEffect(() => {
    if (wanted()) field.current?.focus();
  }, [wanted, field]);
  function submit(event: FormEvent) {
    event.preventDefault();
    onSearch(words.trim());
    field.current?.blur();
  }
  return (
    <form role="search" onSubmit={submit} className={classes["search"]}>
      <TextInput
        ref={field}
        size="sm"
        aria-label={t.annotate.searchLabel}
        placeholder={t.annotate.searchHint}
        leftSection={<IconSearch size={16} />}
        value={words}
        onChange={(event) => { setWords(event.currentTarget.value); }}
        onKeyDown={(event) => { if (event.key === "Escape") event.currentTarget.blur(); }}
        rightSectionWidth={text || words ? 60 : 32}
        rightSection={
          <>
            {(text || words) && (
              <ActionIcon aria-label={t.common.clear} size={26} onClick={() => { setWords(""); if (text) onSearch(""); }}>
                <IconX size={14} />
              </ActionIcon>
            )}
            <ActionIcon aria-label={toolsText.find.helpOpen} size={26} onClick={() => { setHelp(true); }}>
              <IconHelp size={15} />
            </ActionIcon>
          </>
        }
      />
      {help && (
        <Suspense>
          <SearchHelp
            dataset={dataset}
            onUse={(example) => {
              setHelp(false);
              setWords((before) => `${before.trim()} ${example}`.trim());
              setTimeout(() => field.current?.focus(), 0);
            }}
            onClose={() => { setHelp(false); }}
          />
        </Suspense>
      )}
    </form>
  );
}
