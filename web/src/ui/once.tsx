/** Passwords and keys that are shown once, to be copied. */

import { Alert, Button, Code, CopyButton, Group, Table, Text } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

import { t } from "@/text/en";
import { manage } from "@/text/manage";

import { Copy } from "./copy";

export interface Secret {
  readonly username: string;
  readonly password?: string;
  readonly key?: string;
}

export function Once({ secrets }: { secrets: readonly Secret[] }) {
  const passwords = secrets.some((each) => each.password);
  const keys = secrets.some((each) => each.key);
  const lines = secrets.map((each) => [each.username, each.password, each.key].filter(Boolean).join("\t"));
  const cell = (value: string | undefined, what: string) =>
    value ? (
      <Group gap={2} wrap="nowrap">
        <Code style={{ maxWidth: 190, overflow: "hidden", textOverflow: "ellipsis", whiteSpace: "nowrap" }}>{value}</Code>
        <Copy text={value} label={manage.once.copy(what)}>
          <IconCopy size={16} />
        </Copy>
      </Group>
    ) : null;
  return (
    <Alert variant="light" color="pine" title={manage.once.title} role="status">
      <Text size="sm" mb="xs">
        {manage.once.intro}
      </Text>
      <div style={{ overflowX: "auto" }}>
        <Table verticalSpacing={4} aria-label={manage.once.title}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{manage.once.username}</Table.Th>
              {passwords && <Table.Th>{manage.once.password}</Table.Th>}
              {keys && (
                <Table.Th>
                  {manage.once.key}{" "}
                  <Text span size="xs" c="dimmed">
                    {manage.once.keyHint}
                  </Text>
                </Table.Th>
              )}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {secrets.map((each) => (
              <Table.Tr key={each.username}>
                <Table.Th scope="row">{each.username}</Table.Th>
                {passwords && <Table.Td>{cell(each.password, `${manage.once.password} ${each.username}`)}</Table.Td>}
                {keys && <Table.Td>{cell(each.key, `${manage.once.key} ${each.username}`)}</Table.Td>}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <CopyButton value={lines.join("\n")} timeout={2000}>
        {({ copied, copy }) => (
          <Button mt="sm" size="xs" variant="default" leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />} onClick={copy}>
            {copied ? t.common.copied : manage.once.copyAll}
          </Button>
        )}
      </CopyButton>
    </Alert>
  );
}
