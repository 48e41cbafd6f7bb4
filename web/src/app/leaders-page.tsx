/** The frame of a page that only those see who lead a dataset's team; nobody else asks the server for anything. */

import { Anchor, Skeleton } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";

import { failureOf, isGone } from "@/api/failure";
import { datasetQuery, refOf } from "@/api/datasets";
import { policiesQuery } from "@/api/review";
import { type Me, meQuery } from "@/api/session";
import type { DatasetRef } from "@/core/model";
import { sees } from "@/core/roles";
import { t } from "@/text/en";
import { Empty } from "@/ui/empty";

import { DatasetHead } from "./dataset-head";
import { Failed } from "./failed";

interface Props {
  readonly workspace: string;
  readonly name: string;
  readonly title: string;
  /** Reaches down to the bottom of the window, where it has a bar. */
  readonly filling?: boolean;
  readonly children: (dataset: DatasetRef, me: Me) => ReactNode;
}

export function LeadersPage({ workspace, name, title, filling, children }: Props) {
  const { data: me } = useSuspenseQuery(meQuery);
  return (
    <main className="page" data-filling={filling || undefined}>
      <title>{`${title} · ${name} · ${t.app}`}</title>
      {sees(me, workspace) ? (
        <Found workspace={workspace} name={name} title={title} me={me}>
          {children}
        </Found>
      ) : (
        <Empty page title={t.leaders.notForYou} alert>
          <p>{t.leaders.notForYouIntro(workspace)}</p>
          <Anchor component={Link} to={`/datasets/${encodeURIComponent(workspace)}/${encodeURIComponent(name)}`}>
            {t.leaders.toRecords}
          </Anchor>
        </Empty>
      )}
    </main>
  );
}

function Found({ workspace, name, title, me, children }: Props & { me: Me }) {
  const found = useQuery(datasetQuery(workspace, name));
  const task = found.data?.task;
  const dataset = useMemo(() => (task ? refOf({ workspace, name, task }) : null), [workspace, name, task]);
  const failure = failureOf(found);
  if (failure) {
    return isGone(failure) ? (
      <Empty page title={t.annotate.missing} alert>
        <p>{t.annotate.missingIntro(name, workspace)}</p>
        <Anchor component={Link} to="/datasets">
          {t.annotate.back}
        </Anchor>
      </Empty>
    ) : (
      <Failed failure={failure} onRetry={() => void found.refetch()} />
    );
  }
  return (
    <>
      <DatasetHead workspace={workspace} name={name} title={title} />
      {dataset ? <Individual dataset={dataset} me={me}>{children}</Individual> : <Skeleton h={320} role="progressbar" aria-label={t.common.loading} />}
    </>
  );
}

/** Page of an individual dataset only: with one annotation a record there is nothing to compare. */
function Individual({ dataset, me, children }: { dataset: DatasetRef; me: Me; children: Props["children"] }) {
  const policies = useQuery(policiesQuery(dataset));
  const failure = failureOf(policies);
  if (failure) return <Failed failure={failure} onRetry={() => void policies.refetch()} />;
  if (!policies.data) return <Skeleton h={320} role="progressbar" aria-label={t.common.loading} />;
  if (policies.data.annotation === "shared") {
    return (
      <Empty title={t.leaders.shared}>
        <p>{t.leaders.sharedIntro}</p>
      </Empty>
    );
  }
  return children(dataset, me);
}
