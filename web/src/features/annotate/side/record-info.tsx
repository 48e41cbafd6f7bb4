/** A record as the server has it: everything, to look at and to copy. */

import { Code, Modal, Skeleton } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { rawRecord } from "@/api/records";
import type { DatasetRef } from "@/core/model";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";
import { Copy } from "@/ui/copy";

const MOST = 12;

/** Vectors are long, and nobody reads them. */
function readable(text: string): string {
  const record = JSON.parse(text) as Record<string, unknown>;
  const vectors = record["vectors"] as Record<string, { value?: number[] }> | null | undefined;
  for (const each of Object.values(vectors ?? {})) {
    if (each.value && each.value.length > MOST) Object.assign(each, { value: [...each.value.slice(0, 3), `… ${String(each.value.length)} numbers`] });
  }
  return JSON.stringify(record, null, 2);
}

export default function RecordInfo({ dataset, id, onClose }: { dataset: DatasetRef; id: string; onClose: () => void }) {
  const found = useQuery({ queryKey: ["raw", dataset.workspace, dataset.name, id], queryFn: () => rawRecord(dataset, id), gcTime: 0 });
  return (
    <Modal opened onClose={onClose} title={annotatingText.record.infoTitle(id)} size="xl">
      {found.isError ? (
        <p role="alert">{found.error.message}</p>
      ) : found.data === undefined ? (
        <Skeleton h={200} role="progressbar" aria-label={t.common.loading} />
      ) : (
        <>
          <Copy text={found.data} label={annotatingText.record.copyAll}>
            <IconCopy size={16} />
          </Copy>
          <Code block tabIndex={0} mah="60vh" style={{ overflow: "auto", whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
            {readable(found.data)}
          </Code>
        </>
      )}
    </Modal>
  );
}
