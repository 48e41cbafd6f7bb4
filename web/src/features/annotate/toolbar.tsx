/** The top of a dataset's page: its name and pages, how records are shown, search and filters. */

import { ActionIcon, Badge, Button, SegmentedControl, TextInput, Title, Tooltip } from "@mantine/core";
import { IconBook, IconCopy, IconFilter, IconHelp, IconLayoutSidebarRight, IconLink, IconSearch, IconX } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { type FormEvent, lazy, memo, Suspense, useState } from "react";

import type { ScreenAction } from "@/core/keys";
import type { DatasetRef } from "@/core/model";
import type { Layout, View } from "@/core/view";
import { useAnnotatorSettings } from "@/record/annotator-settings";
import { ActiveFilters, FilterBar } from "@/search/filter-bar";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";
import { resultsText } from "@/text/results";
import { Copy } from "@/ui/copy";
import { printed } from "@/ui/key";

import classes from "./dataset-page.module.css";
import { DisplaySettings } from "./display-settings";

const DatasetNav = lazy(() => import("@/app/dataset-nav"));
const AssignThese = lazy(() => import("./assign-these"));
const RuleOfThis = lazy(() => import("./rule-of-this"));
const ExportButton = lazy(() => import("./export/export-button"));
const TrainButton = lazy(() => import("./train/train-button"));
const SearchHelp = lazy(() => import("@/search/search-help"));
const Filters = memo(FilterBar);

interface Props {
  readonly dataset: DatasetRef;
  readonly view: View;
  /** The view without the record in front. */
  readonly asked: View;
  readonly onView: (part: Partial<View>) => void;
  readonly onScreen: (action: ScreenAction) => void;
  readonly search: React.RefObject<HTMLInputElement | null>;
  /** Is anything here assigned to me? */
  readonly mine: boolean;
  readonly guidelines: boolean;
  readonly sidebar: boolean;
  /** Records are shown as results, which are always a list. */
  readonly results: boolean;
}

export function Toolbar({ dataset, view, asked, onView, onScreen, search, mine, guidelines, sidebar, results }: Props) {
  const { workspace, name } = dataset;
  const { bindings } = useAnnotatorSettings();
  // on a small screen, or far zoomed in, the text comes first
  const [unfolded, setUnfolded] = useState(false);
  const layouts = [
    ...(mine || view.layout === "queue" ? [{ value: "queue", label: t.queue.title }] : []),
    ...(results ? [{ value: "list", label: resultsText.title }] : [{ value: "one", label: t.annotate.one }, { value: "list", label: t.annotate.list }]),
  ];
  const hint = (words: string, action: ScreenAction) => {
    const key = bindings[action][0];
    return key === undefined ? words : `${words} (${printed(key)})`;
  };
  return (
    <div className={classes["top"]}>
      <div className={classes["row"]}>
        <Title order={1} className={classes["title"] ?? ""}>
          <Link to="/datasets" search={{ workspace }} className={classes["workspace"]}>
            {workspace}
          </Link>
          <span className={classes["slash"]}> / </span>
          {name}
        </Title>
        <span className={classes["extras"]}>
          <Copy text={name} label={t.datasets.copyName(name)}>
            <IconCopy size={16} />
          </Copy>
          <Copy text={window.location.href} label={t.datasets.copyLink(name)}>
            <IconLink size={16} />
          </Copy>
          <Badge color="gray" className={classes["task"] ?? ""}>
            {t.tasks[dataset.task]}
          </Badge>
        </span>
        <Suspense>
          <DatasetNav workspace={workspace} name={name} />
          <AssignThese workspace={workspace} name={name} view={view} />
          {dataset.task === "TextClassification" && view.q && <RuleOfThis workspace={workspace} name={name} q={view.q} />}
        </Suspense>
        <div className={classes["tools"]}>
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
            <ExportButton dataset={dataset} view={view} />
            <TrainButton dataset={dataset} />
          </Suspense>
          <DisplaySettings task={dataset.task} />
          <Tooltip label={hint(t.guidelines.title, "guidelines")}>
            <ActionIcon aria-label={t.guidelines.title} aria-pressed={guidelines} onClick={() => { onScreen("guidelines"); }}>
              <IconBook size={18} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={hint(t.annotate.help, "help")}>
            <ActionIcon aria-label={t.annotate.help} onClick={() => { onScreen("help"); }}>
              <IconHelp size={18} />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={hint(t.annotate.sidebar, "sidebar")}>
            <ActionIcon aria-label={t.annotate.sidebar} aria-pressed={sidebar} onClick={() => { onScreen("sidebar"); }}>
              <IconLayoutSidebarRight size={18} />
            </ActionIcon>
          </Tooltip>
        </div>
      </div>
      <div className={classes["row"]}>
        <SearchBox key={view.q} dataset={dataset} field={search} text={view.q} onSearch={(q) => { onView({ q, page: 1, record: null }); }} />
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
        <div className={classes["filters"]} data-unfolded={unfolded || undefined}>
          <Filters dataset={dataset} view={asked} onView={onView} />
        </div>
      </div>
      <ActiveFilters view={asked} onView={onView} />
    </div>
  );
}

interface SearchBoxProps {
  readonly dataset: DatasetRef;
  readonly field: React.RefObject<HTMLInputElement | null>;
  readonly text: string;
  readonly onSearch: (q: string) => void;
}

/** Searches for what stands in it when Enter is pressed: nothing is delayed, so nothing is lost. */
function SearchBox({ dataset, field, text, onSearch }: SearchBoxProps) {
  const [words, setWords] = useState(text);
  const [help, setHelp] = useState(false);
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
            <ActionIcon aria-label={annotatingText.find.helpOpen} size={26} onClick={() => { setHelp(true); }}>
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
