/** Settling what people disagree on, and looking at what was settled. */

import { ActionIcon, SegmentedControl, Skeleton, TextInput } from "@mantine/core";
import { IconBook, IconSearch, IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type RefObject, Suspense, useCallback, useMemo, useRef, useState } from "react";

import { type Me, preferencesQuery } from "@/api/session";
import { LeadersPage } from "@/app/leaders-page";
import { usePreferences } from "@/app/preferences";
import { bindingsOf } from "@/core/keys";
import type { DatasetRef } from "@/core/model";
import { type Params, readView, type View, writeView } from "@/core/view";
import { type AnnotatorSettings, AnnotatorSettingsContext } from "@/record/annotator-settings";
import { useLabels } from "@/record/use-labels";
import { ActiveFilters } from "@/search/active-filters";
import { FoldingFilters } from "@/search/folding-filters";
import { t } from "@/text/en";
import { reviewText } from "@/text/review";
import { printed } from "@/ui/key";
import { panel } from "@/ui/panel";

import { AcceptAgreed } from "./accept-agreed";
import { Conflicts } from "./conflicts";
import { reviewBindings } from "./keys";
import classes from "./review.module.css";
import { Settled, settledIn } from "./settled";
import { inConflict } from "./use-conflicts";

const Guidelines = panel(() => import("@/app/guidelines"));
const route = getRouteApi("/inside/datasets/$workspace/$name/review");

export function ReviewPage() {
  const { workspace, name } = route.useParams();
  // keys of one's own hold from the first record on; without them the page goes on with the usual ones
  const preferences = useQuery(preferencesQuery);
  return (
    <LeadersPage workspace={workspace} name={name} title={t.leaders.review} filling>
      {(dataset, me) =>
        preferences.isPending ? (
          <Skeleton h={320} role="progressbar" aria-label={t.common.loading} />
        ) : (
          <Review key={`${workspace}/${name}`} dataset={dataset} me={me} />
        )
      }
    </LeadersPage>
  );
}

function Review({ dataset, me }: { dataset: DatasetRef; me: Me }) {
  const params = route.useSearch() as Params;
  const navigate = route.useNavigate();
  const view = useMemo(() => readView(params), [params]);
  const settled = params["show"] === "settled";
  const [{ keys }] = usePreferences();
  const settings = useMemo((): AnnotatorSettings => ({ bindings: bindingsOf(keys), hidden: false }), [keys]);
  const [guidelinesKey] = settings.bindings.guidelines;
  const taken = useMemo(() => reviewBindings(settings.bindings), [settings]);
  const labels = useLabels(dataset, taken);
  const search = useRef<HTMLInputElement>(null);
  const [guidelines, setGuidelines] = useState(false);

  const onView = useCallback(
    (part: Partial<View>, replace = false) => {
      void navigate({
        search: (before) => {
          const { show } = before as Params;
          const next = { ...readView(before as Params), ...part };
          // pages are for lists only, which `writeView` knows by their layout
          const page = next.page > 1 ? { page: String(next.page) } : {};
          return { ...writeView(next), ...page, ...(show ? { show } : {}) };
        },
        replace,
        resetScroll: false,
      });
    },
    [navigate],
  );

  function show(which: string, record?: string) {
    void navigate({ search: () => ({ ...(which === "settled" ? { show: which } : {}), ...(record ? { record } : {}) }) });
  }

  const within = settled ? settledIn(view) : inConflict(view);
  const scope = JSON.stringify([view.q, view.filters, view.sort]);
  return (
    <AnnotatorSettingsContext value={settings}>
      <div className={classes["tools"]}>
        <SegmentedControl
          size="xs"
          aria-label={reviewText.what}
          data={[
            { value: "open", label: reviewText.conflicts },
            { value: "settled", label: reviewText.settled },
          ]}
          value={settled ? "settled" : "open"}
          onChange={(which) => { show(which); }}
        />
        <SearchBox key={view.q} field={search} text={view.q} onSearch={(q) => { onView({ q, page: 1, record: null }); }} />
        <FoldingFilters dataset={dataset} view={within} onView={({ filters, sort }) => { onView({ ...(filters ? { filters } : {}), ...(sort ? { sort } : {}), page: 1, record: null }); }} />
        <ActionIcon aria-label={t.guidelines.title} title={guidelinesKey === undefined ? t.guidelines.title : `${t.guidelines.title} (${printed(guidelinesKey)})`} aria-pressed={guidelines} onClick={() => { setGuidelines(!guidelines); }}>
          <IconBook size={18} />
        </ActionIcon>
        <AcceptAgreed dataset={dataset} q={view.q} filtered={Object.keys(view.filters).length > 0} />
      </div>
      <ActiveFilters view={view} onView={onView} />
      {guidelines && (
        <Suspense>
          <div className={classes["guidelines"]}>
            <Guidelines dataset={dataset} labels={labels.options} onClose={() => { setGuidelines(false); }} />
          </div>
        </Suspense>
      )}
      {settled ? (
        <Settled dataset={dataset} view={view} onView={onView} onOpen={(id) => { show("open", id); }} />
      ) : (
        <Conflicts
          key={scope}
          dataset={dataset}
          view={view}
          onView={onView}
          labels={labels}
          me={me.username}
          onSearch={() => { search.current?.focus(); }}
          onGuidelines={() => { setGuidelines(!guidelines); }}
        />
      )}
    </AnnotatorSettingsContext>
  );
}

function SearchBox({ field, text, onSearch }: { field: RefObject<HTMLInputElement | null>; text: string; onSearch: (q: string) => void }) {
  return (
    <form
      role="search"
      className={classes["search"]}
      onSubmit={(event) => {
        event.preventDefault();
        onSearch(field.current?.value ?? "");
      }}
    >
      <TextInput
        ref={field}
        size="xs"
        aria-label={t.annotate.searchLabel}
        placeholder={t.annotate.searchHint}
        defaultValue={text}
        leftSection={<IconSearch size={14} />}
        onKeyDown={(event) => { if (event.key === "Escape") event.currentTarget.blur(); }}
        {...(text
          ? {
              rightSection: (
                <ActionIcon size="sm" aria-label={t.common.clear} onClick={() => { onSearch(""); }}>
                  <IconX size={14} />
                </ActionIcon>
              ),
            }
          : {})}
      />
    </form>
  );
}
