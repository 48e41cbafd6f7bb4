/** Frame around the pages of a dataset that are not its records: its name, its pages, and whether it exists. */

import { Anchor, Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";

import { failureOf, isGone } from "@/api/failure";
import { datasetQuery, refOf } from "@/api/datasets";
import type { DatasetRef } from "@/core/model";
import { t } from "@/text/en";
import { Empty } from "@/ui/empty";

import { DatasetHead } from "./dataset-head";

interface Props {
  readonly workspace: string;
  readonly name: string;
  readonly title: string;
  readonly tools?: ReactNode;
  readonly children: (dataset: DatasetRef) => ReactNode;
}

export function DatasetFrame({ workspace, name, title, tools, children }: Props) {
  const found = useQuery(datasetQuery(workspace, name));
  const dataset = useMemo(() => (found.data ? refOf(found.data) : null), [found.data]);
  const failure = failureOf(found);
  const missing = failure !== null && isGone(failure);
  return (
    <main className="page">
      <title>{`${title} · ${name} · ${t.app}`}</title>
      {failure ? (
        <Empty page title={missing ? t.annotate.missing : t.annotate.failed} alert>
          <p>{missing ? t.annotate.missingIntro(name, workspace) : failure.message}</p>
          {missing ? (
            <Anchor component={Link} to="/datasets">
              {t.annotate.back}
            </Anchor>
          ) : (
            <Button onClick={() => void found.refetch()}>{t.common.retry}</Button>
          )}
        </Empty>
      ) : !dataset ? (
        <Skeleton h={320} mt="md" role="progressbar" aria-label={t.common.loading} />
      ) : (
        <>
          <DatasetHead workspace={workspace} name={name} title={title}>
            {tools}
          </DatasetHead>
          {children(dataset)}
        </>
      )}
    </main>
  );
}
