/** Progress of a dataset's team, live; and assigning its records, at first and again. */

import { Button, Skeleton, Title } from "@mantine/core";
import { IconUsersPlus } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { meQuery } from "@/api/session";
import { plansQuery, teamProgressQuery } from "@/api/team";
import { DatasetFrame } from "@/app/dataset-frame";
import type { DatasetRef } from "@/core/model";
import { searchOf } from "@/core/plan-form";
import { manages } from "@/core/roles";
import { type Params, readView } from "@/core/view";
import { t } from "@/text/en";
import { teamText } from "@/text/team";
import { Empty } from "@/ui/empty";

import { Events } from "./events";
import { Hours } from "./hours";
import { People } from "./people";
import { Plans } from "./plans";
import classes from "./team.module.css";
import { Totals } from "./totals";
import { useLive } from "./use-live";

const ProgressChart = lazy(() => import("./progress-chart"));
const AssignDialog = lazy(() => import("./assign/assign-dialog"));
const route = getRouteApi("/inside/datasets/$workspace/$name/team");

export function TeamPage() {
  const { workspace, name } = route.useParams();
  const params = route.useSearch() as Params;
  const navigate = route.useNavigate();
  const { data: me } = useSuspenseQuery(meQuery);
  const leads = manages(me, workspace);
  // in the address, so that the list of records can lead straight to it with its filters
  const assigning = leads && params["assign"] !== undefined;
  const open = () => void navigate({ search: { assign: "1" } });
  const close = () => void navigate({ search: {}, replace: true });
  return (
    <DatasetFrame
      key={`${workspace}/${name}`}
      workspace={workspace}
      name={name}
      title={teamText.team.title}
      tools={
        leads && (
          <Button leftSection={<IconUsersPlus size={16} />} onClick={open}>
            {teamText.assign.open}
          </Button>
        )
      }
    >
      {(dataset) => (
        <>
          <Team dataset={dataset} leads={leads} />
          {assigning && (
            <Suspense>
              <AssignDialog dataset={dataset} search={searchOf(readView(params))} onClose={close} onDone={close} />
            </Suspense>
          )}
        </>
      )}
    </DatasetFrame>
  );
}

function Team({ dataset, leads }: { dataset: DatasetRef; leads: boolean }) {
  const live = useLive(dataset);
  const progress = useQuery(teamProgressQuery(dataset));
  const plans = useQuery(plansQuery(dataset));
  const failure = progress.error ?? plans.error;
  if (failure) {
    return (
      <Empty title={teamText.team.failed} alert>
        <p>{failure.message}</p>
        <Button onClick={() => { void progress.refetch(); void plans.refetch(); }}>{t.common.retry}</Button>
      </Empty>
    );
  }
  if (!progress.data || !plans.data) return <Skeleton h={240} role="progressbar" aria-label={t.common.loading} />;
  return (
    <>
      <Totals dataset={dataset} progress={progress.data} />
      {progress.data.annotators.length ? (
        <>
          <div className={classes["heading"]}>
            <Title order={2} mb="xs">
              {teamText.team.people}{" "}
              {live !== null && (
                <span role="status" className={classes["live"]} data-gone={live ? undefined : true}>
                  {live ? teamText.team.live : teamText.team.notLive}
                </span>
              )}
            </Title>
            <Hours dataset={dataset} />
          </div>
          <People dataset={dataset} people={progress.data.annotators} />
          <div className={classes["chart"]}>
            <Suspense>
              <ProgressChart dataset={dataset} />
            </Suspense>
          </div>
        </>
      ) : (
        !plans.data.length && <Empty title={teamText.team.nothing}>{teamText.team.nothingIntro}</Empty>
      )}
      {plans.data.length > 0 && <Plans dataset={dataset} plans={plans.data} leads={leads} />}
      <Events dataset={dataset} />
    </>
  );
}
