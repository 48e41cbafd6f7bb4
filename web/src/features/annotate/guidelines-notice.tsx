/** Says that the guidelines have changed since one last read them. Asked for a moment after the records. */

import { Alert, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { guidelinesQuery } from "@/api/work";
import type { DatasetRef } from "@/core/model";
import { usePreferences } from "@/features/session/preferences";
import { say } from "@/text/annotating";

const LATER_MS = 600;

export const readKey = ({ workspace, name }: DatasetRef) => `${workspace}/${name}`;

export function GuidelinesNotice({ dataset, open, onOpen }: { dataset: DatasetRef; open: boolean; onOpen: () => void }) {
  const [preferences] = usePreferences();
  const [later, setLater] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => { setLater(true); }, LATER_MS);
    return () => { clearTimeout(timer); };
  }, []);
  const { data } = useQuery({ ...guidelinesQuery(dataset), enabled: later });
  const read = preferences.guidelinesRead?.[readKey(dataset)] ?? 0;
  if (open || !data?.text || data.version <= read) return null;
  return (
    <Alert variant="light" color="yellow" mb="sm" p="xs" role="status">
      {read ? say.guidelines.changed : say.guidelines.isNew}{" "}
      <Button size="compact-sm" variant="default" ml="xs" onClick={onOpen}>
        {say.guidelines.read}
      </Button>
    </Alert>
  );
}
