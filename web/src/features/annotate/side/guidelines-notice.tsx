/** Says that the guidelines have changed since one last read them. Asked for a moment after the records. */

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { guidelinesQuery } from "@/api/work";
import { usePreferences } from "@/app/preferences";
import type { DatasetRef } from "@/core/model";
import classes from "@/features/annotate/list/list.module.css";
import { annotatingText } from "@/text/annotating";

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
    <div className={classes["job"]} role="status">
      <span className={classes["jobwords"]}>{read ? annotatingText.guidelines.changed : annotatingText.guidelines.isNew}</span>
      <Button size="compact-sm" variant="default" onClick={onOpen}>
        {annotatingText.guidelines.read}
      </Button>
    </div>
  );
}
