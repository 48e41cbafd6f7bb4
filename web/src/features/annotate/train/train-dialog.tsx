/** Code that trains a model on a dataset, ready to copy: one piece for each library. */

import { Alert, Code, Modal, Skeleton, Tabs, Text } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { countRecords, findRecords } from "@/api/records";
import type { DatasetRef } from "@/core/model";
import { t } from "@/text/en";
import { trainText } from "@/text/train";
import { Copy } from "@/ui/copy";

import { snippetsOf } from "./snippets";
import classes from "./train.module.css";

export default function TrainDialog({ dataset, onClose }: { dataset: DatasetRef; onClose: () => void }) {
  const found = useQuery({
    queryKey: ["train", dataset.workspace, dataset.name],
    queryFn: async ({ signal }) => {
      const all = { query: {}, sort: [] };
      const [some, counted] = await Promise.all([findRecords(dataset, all, { limit: 1, from: 0 }, signal), countRecords(dataset, all, ["status"], signal)]);
      return { several: some.records[0]?.multiLabel ?? false, validated: counted.aggregations["status"]?.["Validated"] ?? 0 };
    },
  });
  return (
    <Modal opened onClose={onClose} title={trainText.title(dataset.name)} size="xl">
      {found.isError ? (
        <Alert color="red" variant="light" role="alert">{found.error.message}</Alert>
      ) : !found.data ? (
        <Skeleton h={320} role="progressbar" aria-label={t.common.loading} />
      ) : (
        <>
          <Text size="sm" mb="sm">
            {trainText.validated(found.data.validated)} {trainText.key}
          </Text>
          <Snippets dataset={dataset} several={found.data.several} />
        </>
      )}
    </Modal>
  );
}

function Snippets({ dataset, several }: { dataset: DatasetRef; several: boolean }) {
  const snippets = snippetsOf(dataset, document.baseURI, several);
  return (
    <Tabs defaultValue={snippets[0]?.library ?? null} keepMounted={false}>
      <Tabs.List aria-label={trainText.libraries}>
        {snippets.map(({ library }) => <Tabs.Tab key={library} value={library}>{library}</Tabs.Tab>)}
      </Tabs.List>
      {snippets.map(({ library, code }) => (
        <Tabs.Panel key={library} value={library} className={classes["panel"] ?? ""}>
          <div className={classes["copy"]}>
            <Copy text={code} label={trainText.copy(library)}>
              <IconCopy size={16} />
            </Copy>
          </div>
          <Code block tabIndex={0} className={classes["code"] ?? ""} aria-label={trainText.code(library)} role="region">{code}</Code>
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
