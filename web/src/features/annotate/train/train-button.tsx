/** Opens the dialog with code to train a model, for those who see the whole dataset. */

import { ActionIcon, Tooltip } from "@mantine/core";
import { IconSchool } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Suspense, useState } from "react";

import { meQuery } from "@/api/session";
import type { DatasetRef } from "@/core/model";
import { sees } from "@/core/roles";
import { trainText } from "@/text/train";
import { panel } from "@/ui/panel";

const TrainDialog = panel(() => import("./train-dialog"));

export default function TrainButton({ dataset }: { dataset: DatasetRef }) {
  const { data: me } = useQuery(meQuery);
  const [open, setOpen] = useState(false);
  if (!me || !sees(me, dataset.workspace)) return null;
  return (
    <>
      <Tooltip label={trainText.open}>
        <ActionIcon aria-label={trainText.open} onClick={() => { setOpen(true); }}>
          <IconSchool size={18} />
        </ActionIcon>
      </Tooltip>
      {open && (
        <Suspense>
          <TrainDialog dataset={dataset} onClose={() => { setOpen(false); }} />
        </Suspense>
      )}
    </>
  );
}
