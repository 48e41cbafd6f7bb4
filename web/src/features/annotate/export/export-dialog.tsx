/** A dataset, or what a search finds of it, as a file. */

import { Alert, Button, Checkbox, Code, Group, Modal, Radio, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";

import { type Export, exportDataset, type ExportFormat } from "@/api/export";
import { countRecords } from "@/api/records";
import type { DatasetRef } from "@/core/model";
import { saveFile } from "@/core/save-file";
import { t } from "@/text/en";
import { bytes as inBytes } from "@/text/format";
import { teamText } from "@/text/team";

const FORMATS: readonly ExportFormat[] = ["jsonl", "csv", "parquet"];

export default function ExportDialog({ dataset, search, onClose }: { dataset: DatasetRef; search: string; onClose: () => void }) {
  const [wanted, setWanted] = useState<Export>({ format: "jsonl", query: search, answers: true, spreadsheet: false });
  const [bytes, setBytes] = useState(0);
  const leaving = useRef<AbortController | null>(null);
  useEffect(() => () => leaving.current?.abort(), []);
  const count = useQuery({
    queryKey: ["count", dataset.workspace, dataset.name, wanted.query],
    queryFn: ({ signal }) => countRecords(dataset, { query: wanted.query ? { query_text: wanted.query } : {}, sort: [] }, [], signal),
    retry: false,
  });
  const made = useMutation({
    mutationFn: async () => {
      leaving.current = new AbortController();
      setBytes(0);
      const file = await exportDataset(dataset, wanted, setBytes, leaving.current.signal);
      saveFile(file, `${dataset.name}.${wanted.format}`);
    },
  });
  const set = (part: Partial<Export>) => {
    made.reset();
    setWanted((before) => ({ ...before, ...part }));
  };
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!made.isPending) made.mutate();
  }
  return (
    <Modal opened onClose={onClose} title={teamText.export.title(dataset.name)} size={560}>
      <form onSubmit={submit}>
        <Stack gap="md">
          {search && (
            <Radio.Group label={teamText.export.which} value={wanted.query ? "found" : "all"} onChange={(value) => { set({ query: value === "found" ? search : "" }); }}>
              <Stack gap={6} mt={6}>
                <Radio value="found" label={<>{teamText.export.found} <Code>{search}</Code></>} data-autofocus />
                <Radio value="all" label={teamText.export.all} />
              </Stack>
            </Radio.Group>
          )}
          <Text size="sm" role={count.isError ? "alert" : "status"} c={count.isError ? "red" : "dimmed"}>
            {count.isError ? count.error.message : count.data ? teamText.assign.records(count.data.total) : "\u00a0"}
          </Text>
          <Radio.Group label={teamText.export.what} value={wanted.answers ? "answers" : "resolved"} onChange={(value) => { set({ answers: value === "answers" }); }}>
            <Stack gap={6} mt={6}>
              <Radio value="answers" label={teamText.export.whats.answers[0]} description={teamText.export.whats.answers[1]} />
              <Radio value="resolved" label={teamText.export.whats.resolved[0]} description={teamText.export.whats.resolved[1]} />
            </Stack>
          </Radio.Group>
          <Radio.Group label={teamText.export.format} value={wanted.format} onChange={(value) => { set({ format: value as ExportFormat }); }}>
            <Stack gap={6} mt={6}>
              {FORMATS.map((each) => (
                <Radio key={each} value={each} label={teamText.export.formats[each][0]} description={teamText.export.formats[each][1]} />
              ))}
            </Stack>
          </Radio.Group>
          {wanted.format === "csv" && (
            <Checkbox
              label={teamText.export.spreadsheet}
              description={teamText.export.spreadsheetHint}
              checked={wanted.spreadsheet}
              onChange={(event) => { set({ spreadsheet: event.currentTarget.checked }); }}
            />
          )}
          {made.isError && (
            <Alert variant="light" color="red" role="alert">
              {made.error.message}
            </Alert>
          )}
          <Group gap="sm">
            <Button type="submit" loading={made.isPending} disabled={count.isError}>
              {teamText.export.download}
            </Button>
            <Button variant="default" onClick={onClose}>
              {made.isSuccess ? t.common.close : t.common.cancel}
            </Button>
            <Text size="sm" role="status">
              {made.isPending ? teamText.export.coming(inBytes(bytes)) : made.isSuccess ? teamText.export.done(`${dataset.name}.${wanted.format}`, inBytes(bytes)) : ""}
            </Text>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
