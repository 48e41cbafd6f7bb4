/** The search language on a card: examples to click, with the labels and metadata keys of this dataset. */

import { Modal, Table, Text, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import { labelsQuery } from "@/api/datasets";
import type { DatasetRef } from "@/core/model";
import { toolsText } from "@/text/tools";

import classes from "./search-help.module.css";
import { metadataKeysQuery } from "./use-facets";

export default function SearchHelp({ dataset, onUse, onClose }: { dataset: DatasetRef; onUse: (example: string) => void; onClose: () => void }) {
  const keys = useQuery(metadataKeysQuery(dataset));
  const labels = useQuery(labelsQuery(dataset));
  const label = labels.data?.options[0]?.name;
  const quoted = label === undefined ? "LABEL" : /^\w+$/.test(label) ? label : `"${label}"`;
  const key = keys.data?.[0] ?? "source";
  const examples = toolsText.find.examples.filter(
    ([example]) => (dataset.task !== "Text2Text" || !example.includes("LABEL")) && (dataset.task === "TextClassification" || !example.startsWith("covered:")),
  );
  return (
    <Modal opened onClose={onClose} title={toolsText.find.helpTitle} size="lg">
      <Text size="sm" mb="xs">
        {toolsText.find.helpIntro}
      </Text>
      <Table withRowBorders={false} verticalSpacing={2}>
        <Table.Tbody>
          {examples.map(([example, meaning]) => {
            const here = example.replace(/LABEL|KEY/g, (word) => (word === "KEY" ? key : quoted));
            return (
              <Table.Tr key={example}>
                <Table.Td w="55%">
                  <UnstyledButton className={classes["example"] ?? ""} onClick={() => { onUse(here); }}>
                    {here}
                  </UnstyledButton>
                </Table.Td>
                <Table.Td>{meaning}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
      <Text size="sm" mt="xs">
        {toolsText.find.helpMore}
      </Text>
      {keys.data && keys.data.length > 0 && (
        <Text size="sm" mt="xs" c="dimmed">
          {toolsText.find.helpMetadata(keys.data.join(", "))}
        </Text>
      )}
    </Modal>
  );
}
