/** A dataset: search and filters above, records in the middle, what is known of them beside. */

import { ActionIcon, Anchor, Badge, SegmentedControl, Skeleton, TextInput, Title, Tooltip } from "@mantine/core";
import { IconBook, IconCopy, IconHelp, IconLayoutSidebarRight, IconLink, IconSearch, IconX } from "@tabler/icons-react";
import { useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FormEvent, lazy, memo, Suspense, useCallback, useMemo, useRef, useState } from "react";

import { ApiError } from "@/api/client";
import { type Dataset, datasetQuery, refOf } from "@/api/datasets";
import { meQuery, type Preferences, preferencesQuery, savePreferences } from "@/api/session";
import { leads, policiesQuery, workQuery } from "@/api/work";
import type { ScreenAction } from "@/core/keys";
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
import { OneClaimed, OneFound } from "./one";
import { Sidebar } from "./sidebar";
import beside from "./sidebar.module.css";
import { useWorkplace } from "./use-desk";
import { useLabels } from "./use-labels";

const route = getRouteApi("/inside/datasets/$workspace/$name");
const Help = lazy(() => import("./help"));
const Guidelines = lazy(() => import("./guidelines"));
const Flag = lazy(() => import("./flag"));
const Filters = memo(FilterBar);
const Aside = memo(Sidebar);
const DatasetNav = lazy(() => import("@/features/shell/dataset-nav"));
const AssignThese = lazy(() => import("@/features/assign/assign-these"));
const SCALES = { normal: 1, large: 1.18, larger: 1.4 };

export function DatasetPage() {
  const { workspace, name } = route.useParams();
  const dataset = useQuery(datasetQuery(workspace, name));
  const policies = useQuery(policiesQuery(workspace, name));
  const found = dataset.isSuccess ? policies : dataset;
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
      ) : dataset.data && policies.data ? (
        <Annotate key={dataset.data.id} dataset={dataset.data} individual={policies.data.annotation === "individual"} uuid={policies.data.uuid} />
      ) : null}
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

function Annotate({ dataset: found, individual, uuid }: { dataset: Dataset; individual: boolean; uuid: string | null }) {
  const { workspace, name, task } = found;
  const dataset = useMemo(
    () => ({ ...refOf({ workspace, name, task }), ...(individual ? { individual: { uuid } } : {}) }),
    [workspace, name, task, individual, uuid],
  );
  const { data: me } = useSuspenseQuery(meQuery);
  const work = useQuery(workQuery);
  const params = route.useSearch() as Params;
  const navigate = route.useNavigate();
  const view = useMemo(() => readView(params), [params]);
  // what is asked for stays the same while one goes from record to record
  const address = JSON.stringify(writeView({ ...view, record: null }));
  const asked = useMemo(() => readView(JSON.parse(address) as Params), [address]);
  const labels = useLabels(dataset);
  const workplace = useWorkplace(dataset, leads(me, workspace, found.created_by));
  const [preferences, setPreferences] = usePreferences();
  const [current, setCurrent] = useState<string | null>(null);
  const [armed, setArmed] = useState<string | null>(null);
  const [help, setHelp] = useState(false);
  const [guidelines, setGuidelines] = useState(false);
  const [flagged, setFlagged] = useState<string | null>(null);
  const search = useRef<HTMLInputElement>(null);
  const sidebar = preferences.sidebar ?? true;

  const onView = useCallback(
    (part: Partial<View>, replace = false) => {
      void navigate({ search: (before) => writeView({ ...readView(before as Params), ...part }), replace, resetScroll: false });
    },
    [navigate],
  );

  function onScreen(action: ScreenAction) {
    if (action === "search") search.current?.focus();
    else if (action === "help") setHelp(true);
    else if (action === "guidelines") setGuidelines(!guidelines);
    else if (action === "flag") setFlagged(current);
    else setPreferences({ sidebar: !sidebar });
  }

  const mine = work.data?.some((each) => each.workspace === workspace && each.name === name) ?? false;
  const aside = sidebar || guidelines;
  const going = { goOn: preferences.goOn ?? true, onGoOn: (goOn: boolean) => { setPreferences({ goOn }); } };
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
                ...(mine || view.layout === "queue" ? [{ value: "queue", label: t.queue.title }] : []),
                { value: "one", label: t.annotate.one },
                { value: "list", label: t.annotate.list },
              ]}
              value={view.layout}
              onChange={(layout) => { onView({ layout: layout as Layout, page: 1 }); }}
            />
            <Tooltip label={`${t.guidelines.title} (G)`}>
              <ActionIcon aria-label={t.guidelines.title} aria-pressed={guidelines} onClick={() => { onScreen("guidelines"); }}>
                <IconBook size={18} />
              </ActionIcon>
            </Tooltip>
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
          <Filters dataset={dataset} view={asked} onView={onView} />
        </div>
        <ActiveFilters view={asked} onView={onView} />
      </div>
      <div className={classes["body"]} data-sidebar={aside || undefined} data-wide={guidelines || undefined}>
        <div className={classes["main"]}>
          {dataset.task !== "Text2Text" && labels.loaded && !labels.options.length && <NoLabels dataset={dataset} />}
          {dataset.task === "TokenClassification" && <Legend labels={labels} armed={armed} onArm={setArmed} />}
          {view.layout === "list" ? (
            <List {...shared} />
          ) : view.layout === "queue" ? (
            <OneClaimed {...shared} {...going} />
          ) : (
            <OneFound {...shared} {...going} />
          )}
        </div>
        {aside && (
          <aside className={beside["side"]} aria-label={t.annotate.sidebar}>
            {guidelines && (
              <Suspense>
                <Guidelines dataset={dataset} onClose={() => { setGuidelines(false); }} />
              </Suspense>
            )}
            {sidebar && (
              <Aside
                dataset={dataset}
                desk={workplace.desk}
                record={current}
                view={asked}
                onView={onView}
                onFlag={setFlagged}
              />
            )}
          </aside>
        )}
      </div>
      {flagged !== null && (
        <Suspense>
          <Flag dataset={dataset} id={flagged} known={found.created_by ? [found.created_by] : []} onClose={() => { setFlagged(null); }} />
        </Suspense>
      )}
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
