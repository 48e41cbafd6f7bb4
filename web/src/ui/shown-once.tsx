/** Passwords and keys that are shown once, to be copied: nothing but the button closes them, or a question first. */

import { Alert, Button, Code, CopyButton, Group, Stack, Table, Text } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

import { t } from "@/text/en";
import { manageText } from "@/text/manage";

import { useAskFirst } from "./ask-first";
import { Copy } from "./copy";

export interface Secret {
  readonly username: string;
  readonly password?: string;
  readonly key?: string;
}

/** For the dialog around them. */
export const onlyByButton = (shown: boolean) => ({ closeOnClickOutside: !shown, closeOnEscape: !shown, withCloseButton: !shown });

/** Text to hand on: where to sign in, and a table that a spreadsheet takes. */
export function copied(secrets: readonly Secret[], address: string): string {
  const { username, password, key } = manageText.once;
  const columns = ([["username", username], ["password", password], ["key", key]] as const).filter(([name]) => secrets.some((each) => each[name]));
  const rows = secrets.map((each) => columns.map(([name]) => each[name] ?? ""));
  return [manageText.once.address(address), ...[columns.map(([, heading]) => heading), ...rows].map((each) => each.join("\t"))].join("\n");
}

export function ShownOnce({ secrets, onClose }: { secrets: readonly Secret[]; onClose: () => void }) {
  const { question, keep } = useAskFirst();
  const close = () => {
    keep();
    onClose();
  };
  return (
    <Stack>
      <Secrets secrets={secrets} />
      {question}
      <Group justify="flex-end" gap="xs">
        <CopyButton value={copied(secrets, document.baseURI)} timeout={2000}>
          {({ copied: done, copy }) => (
            <Button variant="default" autoFocus leftSection={done ? <IconCheck size={16} /> : <IconCopy size={16} />} onClick={copy}>
              {done ? t.common.copied : manageText.once.copyAll}
            </Button>
          )}
        </CopyButton>
        <Button onClick={close}>
          {manageText.once.close}
        </Button>
      </Group>
    </Stack>
  );
}

function Secrets({ secrets }: { secrets: readonly Secret[] }) {
  const passwords = secrets.some((each) => each.password);
  const keys = secrets.some((each) => each.key);
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
    // as a block it is no wider than the dialog, however wide the table in it
    <Alert variant="light" color="pine" title={manageText.once.title} role="status" styles={{ wrapper: { display: "block" } }}>
      <Text size="sm" mb="xs">
        {manageText.once.intro}
        <br />
        {manageText.once.address(document.baseURI)}
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
    </Alert>
  );
}
