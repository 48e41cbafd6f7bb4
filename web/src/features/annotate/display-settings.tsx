/** Settings of how the page looks: text, lines, spacing, predictions on demand. Remembered for the person. */

import { ActionIcon, Popover, SegmentedControl, Stack, Switch, Text, Tooltip } from "@mantine/core";
import { IconAdjustmentsHorizontal } from "@tabler/icons-react";
import { useState } from "react";

import { usePreferences } from "@/app/preferences";
import type { Task } from "@/core/model";
import { accountText } from "@/text/account";
import { toolsText } from "@/text/tools";

export function DisplaySettings({ task }: { task: Task }) {
  const [open, setOpen] = useState(false);
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-end" width={300} trapFocus returnFocus>
      <Popover.Target>
        <Tooltip label={toolsText.display.title} disabled={open}>
          <ActionIcon aria-label={toolsText.display.title} aria-expanded={open} onClick={() => { setOpen(!open); }}>
            <IconAdjustmentsHorizontal size={18} />
          </ActionIcon>
        </Tooltip>
      </Popover.Target>
      <Popover.Dropdown p="sm" aria-label={toolsText.display.title}>{open && <Choices task={task} />}</Popover.Dropdown>
    </Popover>
  );
}

function Choices({ task }: { task: Task }) {
  const [now, change] = usePreferences();
  return (
    <Stack gap="sm">
      <Choice label={toolsText.display.textSize} names={accountText.settings.textSizes} value={now.textSize ?? "normal"} onChange={(textSize) => { change({ textSize }); }} />
      <Choice label={toolsText.display.lineWidth} names={toolsText.display.lineWidths} value={now.lineWidth ?? "normal"} onChange={(lineWidth) => { change({ lineWidth }); }} />
      <Choice label={toolsText.display.density} names={toolsText.display.densities} value={now.density ?? "comfortable"} onChange={(density) => { change({ density }); }} />
      {task === "TextClassification" && (
        <Switch label={toolsText.display.goOn} checked={now.goOn ?? true} onChange={(event) => { change({ goOn: event.currentTarget.checked }); }} />
      )}
      <Switch label={toolsText.display.predictions} checked={now.hidePredictions ?? false} onChange={(event) => { change({ hidePredictions: event.currentTarget.checked }); }} />
      <Text size="xs" c="dimmed">
        {toolsText.display.remembered}
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
