/** Rules of a dataset: a search and the label that what it finds should get; what they cover, and what they get wrong. */

import { Alert, Anchor, Button, Skeleton } from "@mantine/core";
import { useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";

import { failureOf } from "@/api/failure";
import { rulesKey, rulesQuery } from "@/api/rules";
import { meQuery } from "@/api/session";
import { policiesQuery } from "@/api/work";
import { DatasetFrame } from "@/app/dataset-frame";
import { Failed } from "@/app/failed";
import { usePreferences } from "@/app/preferences";
import { bindingsOf } from "@/core/keys";
import type { DatasetRef } from "@/core/model";
import { manages, sees } from "@/core/roles";
import { type Draft, NO_DRAFT } from "@/core/rules";
import type { Params } from "@/core/view";
import { useLabels } from "@/record/use-labels";
import { rulesText } from "@/text/rules";
import { t } from "@/text/en";
import { Empty } from "@/ui/empty";

import { Editor } from "./editor";
import { type Noted, Notice } from "./notice";
import { Overall } from "./overall";
import classes from "./rules.module.css";
import { RuleTable } from "./rule-table";

const route = getRouteApi("/inside/datasets/$workspace/$name/rules");

export function RulesPage() {
  const { workspace, name } = route.useParams();
  return (
    <DatasetFrame key={`${workspace}/${name}`} workspace={workspace} name={name} title={rulesText.title}>
      {(dataset) =>
        dataset.task === "TextClassification" ? <Rules dataset={dataset} /> : <Empty title={rulesText.wrongTask}>{rulesText.wrongTaskIntro}</Empty>
      }
    </DatasetFrame>
  );
}

/** Draft of a rule that an address asks for: `?q=free&label=spam`. */
function draftOf(params: Params): Draft {
  const all = (name: string) => [params[name] ?? []].flat();
  return { query: all("q")[0] ?? "", labels: all("label"), description: all("name")[0] ?? "" };
}

function Rules({ dataset }: { dataset: DatasetRef }) {
  const { workspace, name } = dataset;
  const { data: me } = useSuspenseQuery(meQuery);
  const params = route.useSearch() as Params;
  const cache = useQueryClient();
  const policies = useQuery(policiesQuery(workspace, name));
  const rules = useQuery({ ...rulesQuery(dataset, sees(me, workspace)), refetchInterval: 20_000 });
  const [preferences] = usePreferences();
  const bindings = useMemo(() => bindingsOf(preferences.keys), [preferences.keys]);
  const labels = useLabels(dataset, bindings);
  const [draft, setDraft] = useState<Draft>(() => draftOf(params));
  const [noted, setNoted] = useState<Noted | null>(null);
  const field = useRef<HTMLInputElement>(null);

  const failure = failureOf(rules);
  if (failure) return <Failed failure={failure} onRetry={() => void rules.refetch()} />;
  if (!rules.data || policies.isPending || !labels.loaded) return <Skeleton h={320} role="progressbar" aria-label={t.common.loading} />;
  const mayWrite = sees(me, workspace) || (policies.data?.annotators_may.includes("write_rules") ?? false);
  const several = rules.data.total_records > 0 && rules.data.conflicts === undefined;

  const edit = (part: Draft) => {
    setDraft(part);
    setNoted(null);
    field.current?.focus();
  };
  const onNoted = (what: Noted) => {
    setNoted(what);
    void cache.invalidateQueries({ queryKey: rulesKey(dataset) });
  };
  const onSaved = (what: Noted) => {
    onNoted(what);
    setDraft(NO_DRAFT);
    field.current?.focus();
  };
  return (
    <div className={classes["page"]}>
      <div className={classes["main"]}>
        {!mayWrite && (
          <Alert variant="light" color="gray" title={rulesText.readOnly}>
            {rulesText.readOnlyIntro}
          </Alert>
        )}
        {labels.options.length ? (
          <Editor
            dataset={dataset}
            rules={rules.data.rules}
            labels={labels.options}
            several={several}
            mayWrite={mayWrite}
            draft={draft}
            onDraft={setDraft}
            onSaved={onSaved}
            field={field}
          />
        ) : (
          <Empty title={rulesText.noLabels}>
            <p>{manages(me, workspace) ? rulesText.noLabelsIntro : `${rulesText.noLabelsIntro} ${rulesText.askManager}`}</p>
            {manages(me, workspace) && (
              <Anchor component={Link} to={`/datasets/${encodeURIComponent(workspace)}/${encodeURIComponent(name)}/settings`}>
                {rulesText.toSettings}
              </Anchor>
            )}
          </Empty>
        )}
        <Notice dataset={dataset} noted={noted} onNoted={onNoted} />
        <RuleTable dataset={dataset} rules={rules.data.rules} several={several} mayWrite={mayWrite} me={me.username} labels={labels} onEdit={edit} onNoted={onNoted} />
      </div>
      <aside className={classes["aside"]}>
        {rules.data.total_records > 0 && rules.data.annotated_records === 0 && (
          <Alert variant="light" color="gray">
            <p className={classes["note"]}>{rulesText.nothingAnnotated}</p>
            <Button size="compact-sm" variant="default" renderRoot={(root) => <Link {...root} to="/datasets/$workspace/$name" params={{ workspace, name }} search={{}} />}>
              {rulesText.annotate}
            </Button>
          </Alert>
        )}
        <Overall dataset={dataset} all={rules.data} labels={labels} several={several} leads={manages(me, workspace)} />
      </aside>
    </div>
  );
}
