/** Says whether everything is saved, and what to do about what is not. */

import { Group, UnstyledButton } from "@mantine/core";
import { IconAlertTriangle, IconCloudCheck, IconCloudOff, IconLoader2 } from "@tabler/icons-react";
import { Suspense, useState } from "react";

import { t } from "@/text/en";
import { date } from "@/text/format";
import { panel } from "@/ui/panel";

import { useOutboxState } from "./outbox-provider";
import classes from "./shell.module.css";

const Problems = panel(() => import("./problems"));

export function Saving() {
  const { waiting, unsaved, sending, offline, signedOut, savedAt, problems } = useOutboxState();
  const [open, setOpen] = useState(false);
  const words = problems.length
    ? t.saving.problem(problems.length)
    : signedOut
      ? t.saving.signedOut(waiting)
      : offline
        ? t.saving.offline(waiting)
        : unsaved
          ? t.saving.unsaved
          : sending
          ? t.saving.saving
          : savedAt
            ? t.saving.saved(date(new Date(savedAt), { hour: "2-digit", minute: "2-digit" }))
            : null; // where nothing changes nothing needs saying
  const bad = problems.length > 0 || offline || signedOut;
  const Icon = problems.length ? IconAlertTriangle : offline ? IconCloudOff : sending || unsaved ? IconLoader2 : IconCloudCheck;
  const shown = words !== null && (
    <Group gap={6} wrap="nowrap" className={classes["saving"] ?? ""} data-bad={bad || undefined}>
      <Icon size={16} aria-hidden />
      <span>{words}</span>
    </Group>
  );
  return (
    <>
      {/* that all goes well is seen, and would be heard twice with every answer */}
      <div role="status" aria-live={bad ? "polite" : "off"}>
        {problems.length ? <UnstyledButton onClick={() => { setOpen(true); }}>{shown}</UnstyledButton> : shown}
      </div>
      {open && problems.length > 0 && (
        <Suspense>
          <Problems problems={problems} onClose={() => { setOpen(false); }} />
        </Suspense>
      )}
    </>
  );
}
