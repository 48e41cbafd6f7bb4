/** Hours people worked, as a table for a spreadsheet. */

import { Button, Group, Popover, Radio, SegmentedControl, Stack, Text, TextInput } from "@mantine/core";
import { IconClockDown } from "@tabler/icons-react";
import { useState } from "react";

import { hoursAddress, type HoursBy } from "@/api/team";
import type { DatasetRef } from "@/core/model";
import { teamText } from "@/text/team";

const words = teamText.team.hours;
const PERIODS: HoursBy[] = ["day", "week", "month"];

export function Hours({ dataset }: { dataset: DatasetRef }) {
  const [by, setBy] = useState<HoursBy>("day");
  const [whole, setWhole] = useState(false);
  const [from, setFrom] = useState("");
  const [to, setTo] = useState("");
  const backwards = Boolean(from && to && from > to);
  return (
    <Popover width={320} position="bottom-end" trapFocus shadow="md">
      <Popover.Target>
        <Button size="xs" variant="default" leftSection={<IconClockDown size={15} />}>
          {words.open}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="sm">
          <Text size="sm">{words.intro}</Text>
          <Group grow>
            <TextInput type="date" label={words.from} value={from} onChange={(event) => { setFrom(event.currentTarget.value); }} />
            <TextInput type="date" label={words.to} value={to} onChange={(event) => { setTo(event.currentTarget.value); }} error={backwards && words.backwards} />
          </Group>
          <SegmentedControl
            aria-label={words.by}
            size="xs"
            value={by}
            onChange={(chosen) => { setBy(PERIODS.find((each) => each === chosen) ?? "day"); }}
            data={PERIODS.map((value) => ({ value, label: words.periods[value] }))}
          />
          <Radio.Group label={words.where} value={String(whole)} onChange={(chosen) => { setWhole(chosen === "true"); }}>
            <Group mt={4}>
              <Radio value="false" label={words.dataset} />
              <Radio value="true" label={words.workspace(dataset.workspace)} />
            </Group>
          </Radio.Group>
          {backwards ? (
            <Button disabled>{words.download}</Button>
          ) : (
            <Button component="a" href={hoursAddress(dataset, { whole, by, from, to })} download>
              {words.download}
            </Button>
          )}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
