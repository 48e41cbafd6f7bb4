/** Datasets that were deleted lately, and can be brought back. */

import { Alert, Anchor, Button, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";

import { deletedQuery, restoreDataset } from "@/api/dataset-settings";
import { meQuery } from "@/api/session";
import { managesSomething } from "@/core/roles";
import { t } from "@/text/en";
import { manageText } from "@/text/manage";
import { Ago } from "@/ui/time";

import classes from "./datasets.module.css";

export function Deleted() {
  const { data: me } = useSuspenseQuery(meQuery);
  const cache = useQueryClient();
  const [open, setOpen] = useState(false);
  const found = useQuery({ ...deletedQuery, enabled: managesSomething(me) });
  const back = useMutation({
    mutationFn: restoreDataset,
    onSettled: () => Promise.all([["datasets"], ["work"], ["team-overview"]].map((queryKey) => cache.invalidateQueries({ queryKey }))),
  });
  const all = found.data ?? [];
  if (!all.length && !open) return null;
  return (
    <>
      <Anchor component="button" type="button" size="sm" mt="sm" onClick={() => { setOpen(true); }}>
        {manageText.remove.recent(all.length)}
      </Anchor>
      {open && (
        <Modal opened onClose={() => { setOpen(false); }} title={manageText.remove.recentTitle} size="lg">
          <Stack gap="sm">
            <Text size="sm" c="dimmed">
              {manageText.remove.recentIntro}
            </Text>
            <div role="status">
              {back.isSuccess && (
                <Alert variant="light" color="pine">
                  {manageText.remove.restored(back.data.name)}
                </Alert>
              )}
              {back.isError && (
                <Alert variant="light" color="red">
                  {back.error.message}
                </Alert>
              )}
            </div>
            {all.map((each) => (
              <div key={each.id} className={classes["deleted"]}>
                <div>
                  <Text fw={600}>
                    {each.name}{" "}
                    <Text span c="dimmed" size="sm">
                      {each.workspace} · {t.annotate.matches(each.records)}
                    </Text>
                  </Text>
                  <Text size="sm" c="dimmed">
                    {each.deleted_by && `${manageText.remove.deletedBy(each.deleted_by)} `}
                    <Ago time={each.deleted_at} /> · {manageText.remove.until} <Ago time={each.purged_at} />
                  </Text>
                </div>
                <Button variant="default" size="xs" aria-label={manageText.remove.restoreOf(each.name, each.workspace)} loading={back.isPending && back.variables.id === each.id} onClick={() => { back.mutate(each); }}>
                  {manageText.remove.restore}
                </Button>
              </div>
            ))}
          </Stack>
        </Modal>
      )}
    </>
  );
}
