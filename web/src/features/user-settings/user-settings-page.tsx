/** Settings of a user: who one is, one's API key, and how one likes the screens. */

import { Alert, Badge, Button, Code, Group, Paper, SegmentedControl, Stack, Switch, Table, Text, Title, useMantineColorScheme } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import { useMutation, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";

import { type Me, meQuery, resetKey } from "@/api/session";
import { usePreferences } from "@/app/preferences";
import { accountText } from "@/text/account";
import { t } from "@/text/en";
import { manageText } from "@/text/manage";
import { toolsText } from "@/text/tools";
import { useAskFirst } from "@/ui/ask-first";
import { Copy } from "@/ui/copy";

import { ChooseKeys } from "./keys";
import { Password } from "./password";

export function UserSettingsPage() {
  const { data: me } = useSuspenseQuery(meQuery);
  return (
    <main className="page" data-top data-narrow>
      <title>{`${accountText.settings.title} · ${t.app}`}</title>
      <Title order={1} mb="md">
        {accountText.settings.title}
      </Title>
      <Stack>
        <Profile me={me} />
        <ApiKey me={me} />
        <Card title={accountText.password}>
          <Password username={me.username} />
        </Card>
        <Look />
        <ChooseKeys />
      </Stack>
    </main>
  );
}

function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper component="section" withBorder p="md" aria-label={title}>
      <Title order={2} mb="sm">
        {title}
      </Title>
      {children}
    </Paper>
  );
}

function Profile({ me }: { me: Me }) {
  const memberships = new Map(me.memberships.map((each) => [each.workspace, each.role]));
  const rows: [string, ReactNode][] = [
    [accountText.settings.fullName, me.full_name],
    [accountText.settings.username, me.username],
    ...(me.role === "admin" ? ([[accountText.settings.role, manageText.people.roles.admin]] as [string, ReactNode][]) : []),
    [
      accountText.settings.workspaces,
      <Group gap={6} key="workspaces">
        {me.workspaces.map((each) => {
          const role = memberships.get(each);
          return (
            <Badge key={each} color="gray" size="lg">
              {role ? manageText.people.roleIn(each, manageText.people.memberRoles[role]) : each}
            </Badge>
          );
        })}
      </Group>,
    ],
  ];
  return (
    <Card title={accountText.settings.profile}>
      <Table withRowBorders={false} verticalSpacing={5} horizontalSpacing={0}>
        <Table.Tbody>
          {rows.map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th w={140} fw={450} c="dimmed">
                {name}
              </Table.Th>
              <Table.Td>{value}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}

function ApiKey({ me }: { me: Me }) {
  const [sure, setSure] = useState(false);
  const cache = useQueryClient();
  const made = useMutation({
    mutationFn: () => resetKey(me.id),
    onSuccess: (answer) => {
      setSure(false);
      cache.setQueryData(meQuery.queryKey, { ...me, key_prefix: answer.key_prefix ?? null });
    },
  });
  const key = made.data?.api_key;
  return (
    <Card title={accountText.settings.key}>
      <Text size="sm" mb="xs">
        {accountText.settings.keyIntro} {me.key_prefix ? accountText.settings.keyPrefix(me.key_prefix) : accountText.settings.noKey}
      </Text>
      {key && <NewKey key={key} apiKey={key} onKept={() => { made.reset(); }} />}
      {made.isError && (
        <Alert color="red" variant="light" mb="sm" role="alert">
          {made.error.message}
        </Alert>
      )}
      {sure ? (
        <Group gap="xs">
          <Text size="sm">{accountText.settings.resetConfirm}</Text>
          <Button color="red" loading={made.isPending} onClick={() => { made.mutate(); }}>
            {accountText.settings.reset}
          </Button>
          <Button variant="default" onClick={() => { setSure(false); }}>
            {t.common.cancel}
          </Button>
        </Group>
      ) : (
        <Button variant="default" onClick={() => { setSure(true); }}>
          {accountText.settings.reset}
        </Button>
      )}
    </Card>
  );
}

function NewKey({ apiKey, onKept }: { apiKey: string; onKept: () => void }) {
  const { question, keep } = useAskFirst();
  return (
    <Stack gap="sm" mb="sm">
      <Alert variant="light" role="status">
        <Text size="sm">{accountText.settings.newKey}</Text>
        <Group gap={4}>
          <Code style={{ overflowWrap: "anywhere" }}>{apiKey}</Code>
          <Copy text={apiKey} label={accountText.settings.copyKey}>
            <IconCopy size={16} />
          </Copy>
          <Button size="xs" onClick={() => { keep(); onKept(); }}>
            {manageText.once.closeOne}
          </Button>
        </Group>
      </Alert>
      {question}
    </Stack>
  );
}

function Look() {
  const { setColorScheme } = useMantineColorScheme();
  const [now, change] = usePreferences();

  return (
    <>
      <Card title={accountText.settings.look}>
        <Stack gap="sm">
          <Group justify="space-between">
            <Text size="sm">{accountText.settings.scheme}</Text>
            <SegmentedControl
              aria-label={accountText.settings.scheme}
              data={(["light", "dark", "auto"] as const).map((value) => ({ value, label: accountText.settings.schemes[value] }))}
              value={now.scheme ?? "auto"}
              onChange={(scheme) => {
                setColorScheme(scheme);
                change({ scheme });
              }}
            />
          </Group>
          <Group justify="space-between">
            <Text size="sm">{accountText.settings.textSize}</Text>
            <SegmentedControl
              aria-label={accountText.settings.textSize}
              data={(["normal", "large", "larger"] as const).map((value) => ({ value, label: accountText.settings.textSizes[value] }))}
              value={now.textSize ?? "normal"}
              onChange={(textSize) => { change({ textSize }); }}
            />
          </Group>
        </Stack>
      </Card>
      <Card title={accountText.settings.annotating}>
        <Switch
          label={t.annotate.goOn}
          description={t.annotate.goOnHint}
          checked={now.goOn ?? true}
          onChange={(event) => { change({ goOn: event.currentTarget.checked }); }}
        />
        <Switch
          mt="sm"
          label={toolsText.display.predictions}
          checked={now.hidePredictions ?? false}
          onChange={(event) => { change({ hidePredictions: event.currentTarget.checked }); }}
        />
      </Card>
    </>
  );
}
