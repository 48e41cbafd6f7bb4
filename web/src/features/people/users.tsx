/** Everybody with an account, for administrators. */

import { ActionIcon, Badge, Group, Menu, Skeleton, Table, Text, TextInput } from "@mantine/core";
import { IconDots, IconSearch } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { type User, usersQuery } from "@/api/people";
import { meQuery } from "@/api/session";
import { Failed } from "@/app/failed";
import { t } from "@/text/en";
import { manageText } from "@/text/manage";
import sheet from "@/ui/sheet.module.css";

import type { UserAct } from "./change-user";
import { RoleHints } from "./role-hints";

const ChangeUser = lazy(() => import("./change-user"));

export function Users() {
  const found = useQuery(usersQuery);
  const { data: me } = useSuspenseQuery(meQuery);
  const [q, setQ] = useState("");
  const [act, setAct] = useState<{ user: User; act: UserAct } | null>(null);
  if (found.isPending) return <Skeleton h={240} role="progressbar" aria-label={t.common.loading} />;
  if (found.isError) return <Failed failure={found.error} onRetry={() => void found.refetch()} />;
  const words = q.toLowerCase();
  const shown = found.data.filter((each) => `${each.username} ${each.full_name}`.toLowerCase().includes(words));
  return (
    <>
      <Group mb="sm" justify="space-between">
        <TextInput
          aria-label={manageText.people.find}
          placeholder={manageText.people.find}
          leftSection={<IconSearch size={16} />}
          value={q}
          onChange={(event) => { setQ(event.currentTarget.value); }}
          w={260}
        />
      </Group>
      <div className={sheet["sheet"]}>
        <Table className={sheet["table"] ?? ""} verticalSpacing={6} aria-label={manageText.people.users}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{manageText.once.username}</Table.Th>
              <Table.Th>{manageText.people.name}</Table.Th>
              <Table.Th>{manageText.people.role}</Table.Th>
              <Table.Th>{manageText.people.in}</Table.Th>
              <Table.Th>{manageText.people.key}</Table.Th>
              <Table.Th>
                <span className="sr-only">{manageText.people.actions}</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((each) => (
              <Row key={each.id} user={each} self={each.id === me.id} onAct={(what) => { setAct({ user: each, act: what }); }} />
            ))}
          </Table.Tbody>
        </Table>
        {!shown.length && (
          <Text size="sm" c="dimmed" p="md" role="status">
            {manageText.people.noMatch}
          </Text>
        )}
      </div>
      <RoleHints admin />
      {act && (
        <Suspense>
          <ChangeUser user={act.user} act={act.act} onClose={() => { setAct(null); }} />
        </Suspense>
      )}
    </>
  );
}

function Row({ user, self, onAct }: { user: User; self: boolean; onAct: (act: UserAct) => void }) {
  const gone = user.active === false;
  const roles = new Map(user.memberships.map((each) => [each.workspace, each.role]));
  const shown = user.workspaces.map((name) => {
    const role = roles.get(name);
    return role ? manageText.people.roleIn(name, manageText.people.memberRoles[role]) : name;
  });
  const first = shown.slice(0, 4);
  return (
    <Table.Tr>
      <Table.Th scope="row">
        <span className={sheet["tags"]}>
          {user.username}
          {self && <Badge color="gray">{manageText.people.yourself}</Badge>}
          {gone && <Badge color="gray">{manageText.people.deactivated}</Badge>}
        </span>
      </Table.Th>
      <Table.Td>{user.full_name}</Table.Td>
      <Table.Td>{manageText.people.roles[user.role]}</Table.Td>
      <Table.Td>
        <Group gap={4}>
          {first.map((each) => (
            <Badge key={each} color="gray">
              {each}
            </Badge>
          ))}
          {shown.length > first.length && (
            <Text size="xs" c="dimmed" title={shown.slice(first.length).join("\n")}>
              +{shown.length - first.length}
            </Text>
          )}
        </Group>
      </Table.Td>
      <Table.Td className={sheet["nowrap"] ?? ""}>{user.key_prefix ? `${user.key_prefix}…` : "–"}</Table.Td>
      <Table.Td ta="end">
        <Menu position="bottom-end" width={220}>
          <Menu.Target>
            <ActionIcon aria-label={manageText.people.actionsOf(user.username)}>
              <IconDots size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {gone ? (
              <Menu.Item onClick={() => { onAct("restore"); }}>{manageText.people.restore} …</Menu.Item>
            ) : (
              <>
                <Menu.Item onClick={() => { onAct("edit"); }}>{manageText.people.edit} …</Menu.Item>
                <Menu.Item onClick={() => { onAct("password"); }}>{manageText.people.resetPassword} …</Menu.Item>
                <Menu.Item onClick={() => { onAct("key"); }}>{manageText.people.resetKey} …</Menu.Item>
                {!self && (
                  <>
                    <Menu.Divider />
                    <Menu.Item onClick={() => { onAct("deactivate"); }}>
                      {manageText.people.deactivate} …
                    </Menu.Item>
                  </>
                )}
              </>
            )}
          </Menu.Dropdown>
        </Menu>
      </Table.Td>
    </Table.Tr>
  );
}
