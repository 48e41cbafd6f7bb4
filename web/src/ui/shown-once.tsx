/** Passwords and keys that are shown once, to be copied. */

import { Alert, Button, Code, CopyButton, Group, Table, Text } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

import { t } from "@/text/en";
import { manageText } from "@/text/manage";

import { Copy } from "./copy";

export interface Secret {
  readonly username: string;
  readonly password?: string;
  readonly key?: string;
}

export function ShownOnce({ secrets }: { secrets: readonly Secret[] }) {
  const passwords = secrets.some((each) => each.password);
  const keys = secrets.some((each) => each.key);
  const lines = secrets.map((each) => [each.username, each.password, each.key].filter(Boolean).join("\t"));
  const cell = (value: string | undefined, what: string) =>
    value ? (
      <Group gap={2} wrap="nowrap">
        <Code style={{ maxWidth: 190, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }}>{value}</Code>
        <Copy text={value} label={manageText.once.copy(what)}>
          <IconCopy size={16} />
        </Copy>
      </Group>
    ) : null;
  return (
    <Alert variant="light" color="pine" title={manageText.once.title} role="status">
      <Text size="sm" mb="xs">
        {manageText.once.intro}
      </Text>
      <div style={{ overflowX: "auto" }}>
        <Table verticalSpacing={4} aria-label={manageText.once.title}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{manageText.once.username}</Table.Th>
              {passwords && <Table.Th>{manageText.once.password}</Table.Th>}
              {keys && (
                <Table.Th>
                  {manageText.once.key}{" "}
                  <Text span size="xs" c="dimmed">
                    {manageText.once.keyHint}
                  </Text>
                </Table.Th>
              )}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {secrets.map((each) => (
              <Table.Tr key={each.username}>
                <Table.Th scope="row">{each.username}</Table.Th>
                {passwords && <Table.Td>{cell(each.password, `${manageText.once.password} ${each.username}`)}</Table.Td>}
                {keys && <Table.Td>{cell(each.key, `${manageText.once.key} ${each.username}`)}</Table.Td>}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <CopyButton value={lines.join("\n")} timeout={2000}>
        {({ copied, copy }) => (
          <Button mt="sm" size="xs" variant="default" leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />} onClick={copy}>
            {copied ? t.common.copied : manageText.once.copyAll}
          </Button>
        )}
      </CopyButton>
    </Alert>
  );
}
