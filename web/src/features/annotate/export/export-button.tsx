/** Opens the dialog to export, for those who may. */

import { ActionIcon, Tooltip } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Suspense, useState } from "react";

import { meQuery } from "@/api/session";
import type { DatasetRef } from "@/core/model";
import { searchOf } from "@/core/plan-form";
import { sees } from "@/core/roles";
import type { View } from "@/core/view";
import { teamText } from "@/text/team";
import { panel } from "@/ui/panel";

const ExportDialog = panel(() => import("./export-dialog"));

export default function ExportButton({ dataset, view }: { dataset: DatasetRef; view: Pick<View, "q" | "filters"> }) {
  const { data: me } = useQuery(meQuery);
  const [open, setOpen] = useState(false);
  if (!me || !sees(me, dataset.workspace)) return null;
  return (
    <>
      <Tooltip label={teamText.export.open}>
        <ActionIcon aria-label={teamText.export.open} onClick={() => { setOpen(true); }}>
          <IconDownload size={18} />
        </ActionIcon>
      </Tooltip>
      {open && (
        <Suspense>
          <ExportDialog dataset={dataset} search={searchOf(view)} onClose={() => { setOpen(false); }} />
        </Suspense>
      )}
    </>
  );
}
