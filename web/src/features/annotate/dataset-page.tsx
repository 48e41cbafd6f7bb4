/** A dataset: search and filters above, records in the middle, what is known of them beside. */

import { ActionIcon, Anchor, Badge, SegmentedControl, Skeleton, TextInput, Title, Tooltip } from "@mantine/core";
import { IconCopy, IconHelp, IconLayoutSidebarRight, IconLink, IconSearch, IconX } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FormEvent, lazy, Suspense, useCallback, useMemo, useRef, useState } from "react";

import { ApiError } from "@/api/client";
import { type Dataset, datasetQuery, refOf } from "@/api/datasets";
import { type Preferences, preferencesQuery, savePreferences } from "@/api/session";
import { type Layout, type Params, readView, type View, writeView } from "@/core/view";
import { t } from "@/text/en";
import { Copy } from "@/ui/copy";
import { Empty } from "@/ui/empty";

import classes from "./dataset-page.module.css";
import { ActiveFilters, FilterBar } from "./filter-bar";
import { Legend } from "./legend";
import { List } from "./list";
import { Failed } from "./nothing";
import { NoLabels } from "./no-labels";
import { One } from "./one";
import { Sidebar } from "./sidebar";
import { useWorkplace } from "./use-desk";
import { useLabels } from "./use-labels";

const route = getRouteApi("/inside/datasets/$workspace/$name");
const Help = lazy(() => import("./help"));
const DatasetNav = lazy(() => import("@/features/shell/dataset-nav"));
const AssignThese = lazy(() => import("@/features/assign/assign-these"));
const SCALES = { normal: 1, large: 1.18, larger: 1.4 };

export function DatasetPage() {
  const { workspace, name } = route.useParams();
  const found = useQuery(datasetQuery(workspace, name));
  return (
    <main className={classes["page"]}>
      <title>{`${name} · ${t.app}`}</title>
      {found.isPending ? (
        <Skeleton h={320} mt="md" aria-label={t.common.loading} />
      ) : found.isError ? (
        found.error instanceof ApiError && [403, 404].includes(found.error.status) ? (
          <Empty title={t.annotate.missing} alert>
            <p>{t.annotate.missingIntro(name, workspace)}</p>
            <Anchor component={Link} to="/datasets">
              {t.annotate.back}
            </Anchor>
          </Empty>
        ) : (
          <Failed failure={found.error} onRetry={() => void found.refetch()} />
        )
      ) : (
        <Annotate key={found.data.id} dataset={found.data} />
      )}
    </main>
  );
}

function usePreferences() {
  const cache = useQueryClient();
  const { data } = useQuery(preferencesQuery);
  const change = (part: Preferences) => {
    const wanted = { ...data, ...part };
    cache.setQueryData(preferencesQuery.queryKey, wanted);
    savePreferences(wanted).catch(() => undefined); // a matter of taste; what was chosen holds on this page
  };
  return [data ?? {}, change] as const;
}

function Annotate({ dataset: found }: { dataset: Dataset }) {
  const { workspace, name, task } = found;
  const dataset = useMemo(() => refOf({ workspace, name, task }), [workspace, name, task]);
  const params = route.useSearch() as Params;
  const navigate = route.useNavigate();
  const view = useMemo(() => readView(params), [params]);
  const labels = useLabels(dataset);
  const workplace = useWorkplace(dataset);
  const [preferences, setPreferences] = usePreferences();
  const [current, setCurrent] = useState<string | null>(null);
  const [armed, setArmed] = useState<string | null>(null);
  const [help, setHelp] = useState(false);
  const search = useRef<HTMLInputElement>(null);
  const sidebar = preferences.sidebar ?? true;

  const onView = useCallback(
    (part: Partial<View>, replace = false) => {
      void navigate({ search: (before) => writeView({ ...readView(before as Params), ...part }), replace, resetScroll: false });
    },
    [navigate],
  );

  function onScreen(action: "search" | "help" | "sidebar") {
    if (action === "search") search.current?.focus();
    else if (action === "help") setHelp(true);
    else setPreferences({ sidebar: !sidebar });
  }

  const shared = { dataset, view, onView, workplace, labels, armed, onScreen, onCurrent: setCurrent };
  return (
    <div style={{ "--text-scale": SCALES[preferences.textSize ?? "normal"] } as React.CSSProperties}>
      <div className={classes["top"]}>
        <div className={classes["row"]}>
          <Title order={1} className={classes["title"] ?? ""}>
            <Link to="/datasets" search={{ workspace: dataset.workspace }} className={classes["workspace"]}>
              {dataset.workspace}
            </Link>
            <span className={classes["slash"]}> / </span>
            {dataset.name}
          </Title>
          <Copy text={dataset.name} label={t.datasets.copyName(dataset.name)}>
            <IconCopy size={16} />
          </Copy>
          <Copy text={window.location.href} label={t.datasets.copyLink(dataset.name)}>
            <IconLink size={16} />
          </Copy>
          <Badge color="gray" size="lg" className={classes["task"] ?? ""}>
            {t.tasks[dataset.task]}
          </Badge>
          <Suspense>
            <DatasetNav workspace={workspace} name={name} />
            <AssignThese workspace={workspace} name={name} view={view} />
          </Suspense>
          <div className={classes["tools"]}>
            <SegmentedControl
              size="xs"
              aria-label={t.annotate.layout}
              data={[
                { value: "one", label: t.annotate.one },
                { value: "list", label: t.annotate.list },
              ]}
              value={view.layout}
              onChange={(layout) => { onView({ layout: layout as Layout, page: 1 }); }}
            />
            <Tooltip label={`${t.annotate.help} (?)`}>
              <ActionIcon aria-label={t.annotate.help} onClick={() => { setHelp(true); }}>
                <IconHelp size={18} />
              </ActionIcon>
            </Tooltip>
            <Tooltip label={`${t.annotate.sidebar} (I)`}>
              <ActionIcon aria-label={t.annotate.sidebar} aria-pressed={sidebar} onClick={() => { onScreen("sidebar"); }}>
                <IconLayoutSidebarRight size={18} />
              </ActionIcon>
            </Tooltip>
          </div>
        </div>
        <div className={classes["row"]}>
          <SearchBox key={view.q} field={search} text={view.q} onSearch={(q) => { onView({ q, page: 1, record: null }); }} />
          <FilterBar dataset={dataset} view={view} onView={onView} />
        </div>
        <ActiveFilters view={view} onView={onView} />
      </div>
      <div className={classes["body"]} data-sidebar={sidebar || undefined}>
        <div className={classes["main"]}>
          {dataset.task !== "Text2Text" && labels.loaded && !labels.options.length && <NoLabels dataset={dataset} />}
          {dataset.task === "TokenClassification" && <Legend labels={labels} armed={armed} onArm={setArmed} />}
          {view.layout === "list" ? (
            <List {...shared} />
          ) : (
            <One {...shared} goOn={preferences.goOn ?? true} onGoOn={(goOn) => { setPreferences({ goOn }); }} />
          )}
        </div>
        {sidebar && <Sidebar dataset={dataset} desk={workplace.desk} record={current} view={view} onView={onView} />}
      </div>
      {help && (
        <Suspense>
          <Help onClose={() => { setHelp(false); }} task={dataset.task} />
        </Suspense>
      )}
    </div>
  );
}

/** Searches for what stands in it when Enter is pressed: nothing is delayed, so nothing is lost. */
function SearchBox({ field, text, onSearch }: { field: React.RefObject<HTMLInputElement | null>; text: string; onSearch: (q: string) => void }) {
  const [words, setWords] = useState(text);
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
        rightSection={
          text || words ? (
            <ActionIcon aria-label={t.common.clear} size="sm" onClick={() => { setWords(""); if (text) onSearch(""); }}>
              <IconX size={14} />
            </ActionIcon>
          ) : undefined
        }
      />
    </form>
  );
}
