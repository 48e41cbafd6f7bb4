/** A dataset's page, once the dataset and whose annotations count in it are known. */

import { Anchor, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";

import { Failed } from "@/app/failed";
import { failureOf, isGone } from "@/api/failure";
import { datasetQuery } from "@/api/datasets";
import { preferencesQuery } from "@/api/session";
import { policiesQuery } from "@/api/work";
import { t } from "@/text/en";
import { Empty } from "@/ui/empty";

import { Annotate } from "./annotate";

const route = getRouteApi("/inside/datasets/$workspace/$name");

export function DatasetPage() {
  const { workspace, name } = route.useParams();
  const dataset = useQuery(datasetQuery(workspace, name));
  const policies = useQuery(policiesQuery(workspace, name));
  // keys of one's own and hidden predictions hold from the first record on; without them the page goes on with the usual ones
  const preferences = useQuery(preferencesQuery);
  const found = dataset.data ? policies : dataset;
  const failure = failureOf(dataset) ?? failureOf(policies);
  return (
    <main className="page" data-bare>
      <title>{`${name} · ${t.app}`}</title>
      {failure ? (
        isGone(failure) ? (
          <Empty page title={t.annotate.missing} alert>
            <p>{t.annotate.missingIntro(name, workspace)}</p>
            <Anchor component={Link} to="/datasets">
              {t.annotate.back}
            </Anchor>
          </Empty>
        ) : (
          <Failed failure={failure} onRetry={() => void found.refetch()} />
        )
      ) : dataset.data && policies.data && !preferences.isPending ? (
        <Annotate key={dataset.data.id} dataset={dataset.data} individual={policies.data.annotation === "individual"} uuid={policies.data.uuid} />
      ) : (
        <Skeleton h={320} mt="md" role="progressbar" aria-label={t.common.loading} />
      )}
    </main>
  );
}
