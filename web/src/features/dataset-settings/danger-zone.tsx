/** Closing a dataset, opening it again, deleting it. */

import { Alert, Button, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Suspense, useState } from "react";

import { setClosed } from "@/api/dataset-settings";
import { datasetsQuery } from "@/api/datasets";
import type { DatasetRef } from "@/core/model";
import { manageText } from "@/text/manage";
import { Card } from "@/ui/card";
import { panel } from "@/ui/panel";

import classes from "./settings.module.css";

const DeleteDataset = panel(() => import("@/app/delete-dataset"));
const words = manageText.settings.danger;

export function DangerZone({ dataset }: { dataset: DatasetRef }) {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const found = useQuery(datasetsQuery);
  const [deleting, setDeleting] = useState(false);
  const listed = found.data?.find((each) => each.workspace === dataset.workspace && each.name === dataset.name);
  const closed = listed?.closed ?? false;
  const switched = useMutation({
    mutationFn: () => setClosed(dataset, !closed),
    onSettled: () => Promise.all([cache.invalidateQueries({ queryKey: ["datasets"] }), cache.invalidateQueries({ queryKey: ["records"] }), cache.invalidateQueries({ queryKey: ["work"] })]),
  });
  return (
    <Card title={words.title}>
      <div className={classes["danger"]}>
        <div>
          <Text fw={550}>{words.close}</Text>
          <Text size="sm" c="dimmed" role="status">
            {closed ? words.closed : words.closeIntro}
          </Text>
        </div>
        <Button variant="default" loading={switched.isPending} onClick={() => { switched.mutate(); }}>
          {closed ? words.reopen : words.close}
        </Button>
      </div>
      {switched.isError && (
        <Alert color="red" variant="light" role="alert">
          {switched.error.message}
        </Alert>
      )}
      <div className={classes["danger"]}>
        <div>
          <Text fw={550}>{words.delete}</Text>
          <Text size="sm" c="dimmed">
            {words.deleteIntro}
          </Text>
        </div>
        <Button variant="default" onClick={() => { setDeleting(true); }}>
          {words.delete} …
        </Button>
      </div>
      {deleting && (
        <Suspense>
          <DeleteDataset workspace={dataset.workspace} name={dataset.name} records={listed?.records ?? 0} onClose={() => { setDeleting(false); }} onDone={() => void navigate({ to: "/datasets", search: {} })} />
        </Suspense>
      )}
    </Card>
  );
}
