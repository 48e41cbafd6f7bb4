/** Search and filters above, records in the middle, what is known of them beside. */

import { Skeleton } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { memo, startTransition, Suspense, useCallback, useMemo, useRef, useState } from "react";

import { type Dataset, refOf } from "@/api/datasets";
import { meQuery } from "@/api/session";
import { leads, workQuery } from "@/api/work";
import { usePreferences } from "@/app/preferences";
import { bindingsOf, type ScreenAction } from "@/core/keys";
import { sees } from "@/core/roles";
import { type Params, readView, type View, writeView } from "@/core/view";
import { type AnnotatorSettings, AnnotatorSettingsContext } from "@/record/annotator-settings";
import { Legend } from "@/record/legend";
import { useLabels } from "@/record/use-labels";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";
import { panel } from "@/ui/panel";
import { useLater } from "@/ui/use-later";

import classes from "./dataset-page.module.css";
import { OneClaimed, OneFound } from "./one/one";
import { Aside, ChooseVector, Flag, Guidelines, Help, loadPanels, RecordInfo } from "./panels";
import { RecordPanelContext } from "./record-card";
import { useAnnotationSession } from "./session/use-annotation-session";
import { GuidelinesNotice } from "./side/guidelines-notice";
import { QueueNotes } from "./side/queue-notes";
import beside from "./side/sidebar.module.css";
import { Top as PageTop } from "./top";

const route = getRouteApi("/inside/datasets/$workspace/$name");
const List = panel(() => import("./list/list"));
const Results = panel(() => import("./results/results"));
const OwnAnswer = panel(() => import("./results/own-answer"));
const NoLabels = panel(() => import("./no-labels"));
const Top = memo(PageTop);
const SCALES = { normal: 1, large: 1.18, larger: 1.4 };
const WIDTHS = { narrow: "58ch", normal: "80ch", full: "none" };

/** Dialog or panel over the page. */
type Opened = { readonly what: "help" } | { readonly what: "flag" | "info" | "vectors"; readonly id: string } | null;

export function Annotate({ dataset: found, individual, uuid }: { dataset: Dataset; individual: boolean; uuid: string | null }) {
  const { workspace, name, task } = found;
  const dataset = useMemo(
    () => ({ ...refOf({ workspace, name, task }), ...(individual ? { individual: { uuid } } : {}) }),
    [workspace, name, task, individual, uuid],
  );
  const { data: me } = useSuspenseQuery(meQuery);
  const work = useQuery(workQuery);
  const params = route.useSearch() as Params;
  const navigate = route.useNavigate();
  const router = useRouter();
  const here = useMemo(() => router.buildLocation({ to: "/datasets/$workspace/$name", params: { workspace, name } }).pathname, [router, workspace, name]);
  const view = useMemo(() => readView(params), [params]);
  // what is asked for stays the same while one goes from record to record
  const address = JSON.stringify(writeView({ ...view, record: null }));
  const asked = useMemo(() => readView(JSON.parse(address) as Params), [address]);
  const [preferences, setPreferences] = usePreferences();
  const { keys, hidePredictions } = preferences;
  const bindings = useMemo(() => bindingsOf(keys), [keys]);
  const labels = useLabels(dataset, bindings);
  const session = useAnnotationSession(dataset, leads(me, workspace, found.created_by), view.layout === "queue" ? 60_000 : 5_000);
  const [current, setCurrent] = useState<string | null>(null);
  // a key acts on the record that is seen; what is drawn around it may still follow
  const front = useRef<string | null>(null);
  const onCurrent = useCallback((id: string | null) => {
    front.current = id;
    startTransition(() => { setCurrent(id); });
  }, []);
  useLater(current !== null, loadPanels);
  const [armed, setArmed] = useState<string | null>(null);
  const [opened, setOpened] = useState<Opened>(null);
  const [guidelines, setGuidelines] = useState(false);
  // shown for one record at a time where somebody wants to be asked first
  const [shownFor, setShownFor] = useState<string | null>(null);
  const hidden = (hidePredictions ?? false) && (shownFor === null || shownFor !== current);
  const settings = useMemo((): AnnotatorSettings => ({ bindings, hidden }), [bindings, hidden]);
  const search = useRef<HTMLInputElement>(null);
  const wanted = useRef(false);
  const takeWish = useCallback(() => {
    const was = wanted.current;
    wanted.current = false;
    return was;
  }, []);
  const queue = view.layout === "queue";
  // in a queue there is the text and its answer; what else there is comes when it is asked for
  const [tools, setTools] = useState(false);
  const [details, setDetails] = useState(false);
  const sidebar = queue ? details : (preferences.sidebar ?? true);

  const onView = useCallback(
    (part: Partial<View>, replace = false) => {
      // what the page does by itself must not call back who is on the way to another page
      if (replace && router.latestLocation.pathname !== here) return;
      void navigate({ search: (before) => writeView({ ...readView(before as Params), ...part }), replace, resetScroll: false });
    },
    [navigate, router, here],
  );

  const similar = useCallback(
    (id: string, vector?: string) => {
      const names = session.edits.get(id)?.record.vectors ?? [];
      const only = vector ?? (names.length === 1 ? names[0] : undefined);
      if (only !== undefined) onView({ layout: "list", similar: { record: id, vector: only }, page: 1, record: null });
      else if (names.length) setOpened({ what: "vectors", id });
    },
    [session, onView],
  );
  const openPanel = useCallback(
    (what: "info" | "similar", id: string) => {
      if (what === "similar") similar(id);
      else setOpened({ what, id });
    },
    [similar],
  );

  function predictions() {
    if (!hidePredictions) setPreferences({ hidePredictions: true });
    else if (hidden) setShownFor(front.current);
    else setShownFor(null);
  }

  const onScreen = (action: ScreenAction) => {
    if (action === "search") {
      wanted.current = search.current === null;
      setTools(true);
      search.current?.focus();
    }
    else if (action === "help") setOpened({ what: "help" });
    else if (action === "guidelines") setGuidelines(!guidelines);
    else if (action === "flag") setOpened(front.current === null ? null : { what: "flag", id: front.current });
    else if (action === "similar") {
      if (front.current !== null) similar(front.current);
    } else if (action === "predictions") predictions();
    else if (queue) setDetails(!details);
    else setPreferences({ sidebar: !sidebar });
  };

  const mine = work.data?.some((each) => each.workspace === workspace && each.name === name) ?? false;
  // who sees everybody's answers looks at what came of them; an answer of their own is an act of its own
  const leading = individual && sees(me, workspace);
  const own = leading && view.own && view.layout === "one" ? view.record : null;
  const results = leading && view.layout !== "queue" && own === null;
  const aside = sidebar || guidelines || queue;
  const shared = { dataset, view, onView, session, labels, armed, onScreen, onCurrent };
  const goOn = preferences.goOn ?? true;
  const close = () => { setOpened(null); };
  const style = {
    "--text-scale": SCALES[preferences.textSize ?? "normal"],
    "--line-width": WIDTHS[preferences.lineWidth ?? "normal"],
  } as React.CSSProperties;
  return (
    <AnnotatorSettingsContext value={settings}>
      <RecordPanelContext value={openPanel}>
        <div style={style} data-queue={(queue && !tools) || undefined} data-density={preferences.density ?? "comfortable"} className={classes["screen"]}>
          <Top
            dataset={dataset}
            view={view}
            asked={asked}
            onView={onView}
            onScreen={onScreen}
            search={search}
            wanted={takeWish}
            mine={mine}
            results={leading}
            guidelines={guidelines}
            sidebar={sidebar}
            tools={tools}
            onTools={() => { setTools(!tools); }}
          />
          <div className={classes["body"]} data-sidebar={aside || undefined} data-wide={guidelines || undefined}>
            <div className={classes["main"]}>
              <GuidelinesNotice dataset={dataset} open={guidelines} onOpen={() => { setGuidelines(true); }} />
              {task !== "Text2Text" && labels.loaded && !labels.options.length && <Suspense><NoLabels dataset={dataset} /></Suspense>}
              {task === "TokenClassification" && !results && <Legend labels={labels} armed={armed} onArm={setArmed} />}
              {results ? (
                <Suspense fallback={<Skeleton h={320} role="progressbar" aria-label={t.common.loading} />}>
                  <Results dataset={dataset} view={view} onView={onView} session={session} labels={labels} onScreen={onScreen} onCurrent={onCurrent} />
                </Suspense>
              ) : own !== null ? (
                <Suspense fallback={<Skeleton h={320} role="progressbar" aria-label={t.common.loading} />}>
                  <OwnAnswer {...shared} record={own} />
                </Suspense>
              ) : view.layout === "list" ? (
                <Suspense fallback={<Skeleton h={320} role="progressbar" aria-label={t.common.loading} />}>
                  <List {...shared} />
                </Suspense>
              ) : view.layout === "queue" ? (
                <OneClaimed {...shared} goOn={goOn} onFlag={() => { onScreen("flag"); }} />
              ) : (
                <OneFound {...shared} goOn={goOn} />
              )}
            </div>
            {aside && (
              <aside className={beside["side"]} aria-label={t.annotate.sidebar}>
                {guidelines && (
                  <Suspense>
                    <Guidelines dataset={dataset} labels={labels.options} onClose={() => { setGuidelines(false); }} />
                  </Suspense>
                )}
                {sidebar ? (
                  <Suspense>
                    <Aside
                      dataset={dataset}
                      edits={session.edits}
                      record={current}
                      results={results}
                      view={asked}
                      onView={onView}
                      onFlag={(id) => { setOpened({ what: "flag", id }); }}
                    />
                  </Suspense>
                ) : (
                  queue && <QueueNotes dataset={dataset} edits={session.edits} record={current} onFlag={(id) => { setOpened({ what: "flag", id }); }} />
                )}
              </aside>
            )}
          </div>
          <span className="sr-only" role="status">
            {hidePredictions ? (hidden ? annotatingText.predictions.hidden : annotatingText.predictions.shownNow) : ""}
          </span>
        </div>
        <Suspense>
          {opened?.what === "flag" && <Flag dataset={dataset} id={opened.id} everybody={sees(me, workspace)} known={found.created_by ? [found.created_by] : []} onClose={close} />}
          {opened?.what === "help" && <Help onClose={close} task={task} characters={labels.characters} />}
          {opened?.what === "info" && <RecordInfo dataset={dataset} id={opened.id} onClose={close} />}
          {opened?.what === "vectors" && (
            <ChooseVector
              names={session.edits.get(opened.id)?.record.vectors ?? []}
              onChoose={(vector) => {
                close();
                similar(opened.id, vector);
              }}
              onClose={close}
            />
          )}
        </Suspense>
      </RecordPanelContext>
    </AnnotatorSettingsContext>
  );
}
