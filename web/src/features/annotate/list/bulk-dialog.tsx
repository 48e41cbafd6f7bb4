/** Before all records that match are changed: how many there are, what becomes of them, and of whose answers. */

import { Alert, Button, Group, Modal, MultiSelect, Select, Stack, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";

import type { BulkChange } from "@/api/jobs";
import { useOutboxPart } from "@/app/outbox-provider";
import type { DatasetRef } from "@/core/model";
import type { LabelSet } from "@/record/use-labels";
import { t } from "@/text/en";
import { toolsText } from "@/text/tools";

export type BulkAction = "label" | "validate" | "discard" | "accept";

interface Props {
  readonly action: BulkAction;
  readonly dataset: DatasetRef;
  readonly labels: LabelSet;
  readonly several: boolean;
  readonly total: number;
  readonly query: string;
  /** It settles records for everybody instead of answering them. */
  readonly gold: boolean;
  readonly onApply: (change: BulkChange) => void;
  readonly onClose: () => void;
}

export default function BulkDialog({ action, dataset, labels, several, total, query, gold, onApply, onClose }: Props) {
  const [chosen, setChosen] = useState<string[]>([]);
  const waiting = useOutboxPart("waiting");
  const names = labels.options.map((each) => each.name);
  const ready = waiting === 0 && (action !== "label" || chosen.length > 0);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!ready) return;
    onApply({
      query,
      state: action === "discard" ? "discarded" : "submitted",
      take: action === "label" ? "value" : action === "accept" ? "predicted" : gold ? "value" : "own",
      ...(action === "label" ? { value: { labels: chosen } } : {}),
    });
    onClose();
  }

  const field = { label: t.annotate.labels, data: names, searchable: true, limit: 100, "data-autofocus": true } as const;
  return (
    <Modal opened onClose={onClose} title={toolsText.bulk.titles[action](total)}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Text size="sm">{toolsText.bulk.intro[action]}</Text>
          {action === "label" &&
            (several ? (
              <MultiSelect {...field} value={chosen} onChange={setChosen} placeholder={chosen.length ? "" : toolsText.bulk.choose} />
            ) : (
              <Select {...field} value={chosen[0] ?? null} onChange={(name) => { setChosen(name === null ? [] : [name]); }} placeholder={toolsText.bulk.choose} />
            ))}
          <Alert variant="light" color={gold || !dataset.individual ? "yellow" : "gray"}>
            {gold ? toolsText.bulk.gold : dataset.individual ? toolsText.bulk.own : toolsText.bulk.shared}
          </Alert>
          {waiting > 0 && <Text size="sm" role="status">{toolsText.bulk.waits}</Text>}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t.common.cancel}
            </Button>
            <Button type="submit" disabled={!ready} {...(action === "label" ? {} : { "data-autofocus": true })}>
              {toolsText.bulk.titles[action](total)}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
