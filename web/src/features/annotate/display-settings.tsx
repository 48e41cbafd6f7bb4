/** Settings of how the page looks: text, lines, spacing, predictions on demand. Remembered for the person. */

import { ActionIcon, Popover, SegmentedControl, Stack, Switch, Text, Tooltip } from "@mantine/core";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import { useState } from "react";

import { usePreferences } from "@/app/preferences";
import type { Task } from "@/core/model";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";

export function DisplaySettings({ task }: { task: Task }) {
  const [open, setOpen] = useState(false);
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" width={300} trapFocus returnFocus>
      <Popover.Target>
        <Tooltip label={annotatingText.display.title} disabled={open}>
          <ActionIcon aria-label={annotatingText.display.title} aria-expanded={open} onClick={() => { setOpen(!open); }}>
            <IconAdjustmentsHorizontal size={18} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown p="sm" aria-label={annotatingText.display.title}>{open && <Choices task={task} />}</Popover.Dropdown>
    </Popover>
  );
}

function Choices({ task }: { task: Task }) {
  const [now, change] = usePreferences();
  return (
    <Stack gap="sm">
      <Choice label={annotatingText.display.textSize} names={t.settings.textSizes} value={now.textSize ?? "normal"} onChange={(textSize) => { change({ textSize }); }} />
      <Choice label={annotatingText.display.lineWidth} names={annotatingText.display.lineWidths} value={now.lineWidth ?? "normal"} onChange={(lineWidth) => { change({ lineWidth }); }} />
      <Choice label={annotatingText.display.density} names={annotatingText.display.densities} value={now.density ?? "comfortable"} onChange={(density) => { change({ density }); }} />
      {task === "TextClassification" && (
        <Switch label={annotatingText.display.goOn} checked={now.goOn ?? true} onChange={(event) => { change({ goOn: event.currentTarget.checked }); }} />
      )}
      <Switch label={annotatingText.display.predictions} checked={now.hidePredictions ?? false} onChange={(event) => { change({ hidePredictions: event.currentTarget.checked }); }} />
      <Text size="xs" c="dimmed">
        {annotatingText.display.remembered}
      </Text>
    </Stack>
  );
}

interface ChoiceProps<Name extends string> {
  readonly label: string;
  readonly names: Readonly<Record<Name, string>>;
  readonly value: Name;
  readonly onChange: (value: Name) => void;
}

function Choice<Name extends string>({ label, names, value, onChange }: ChoiceProps<Name>) {
  return (
    <div>
      <Text size="sm" mb={4}>
        {label}
      </Text>
      <SegmentedControl
        fullWidth
        size="xs"
        aria-label={label}
        data={(Object.keys(names) as Name[]).map((each) => ({ value: each, label: names[each] }))}
        value={value}
        onChange={(chosen) => { onChange(chosen as Name); }}
      />
    </div>
  );
}
