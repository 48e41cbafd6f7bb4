/** Workspaces and who belongs to them, for administrators and for managers of theirs. */

import { Alert, Badge, Button, Group, Modal, Select, Skeleton, Stack, Table, Text, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { addMember, createWorkspace, type Member, membersOf, type MembershipRole, peopleKey, removeMember, setMemberRole, usersQuery, type Workspace, workspacesQuery } from "@/api/people";
import { meQuery } from "@/api/session";
import { Failed } from "@/app/failed";
import { isName } from "@/core/people";
import { manages, ROLES } from "@/core/roles";
import { t } from "@/text/en";
import { manageText } from "@/text/manage";
import { Empty } from "@/ui/empty";
import sheet from "@/ui/sheet.module.css";

import { OpenWork } from "./open-work";
import { RoleHints } from "./role-hints";

export function Workspaces({ chosen, onChoose }: { chosen: string; onChoose: (workspace: string) => void }) {
  const { data: me } = useSuspenseQuery(meQuery);
  const found = useQuery(workspacesQuery);
  const users = useQuery({ ...usersQuery, enabled: me.role === "admin" });
  const [adding, setAdding] = useState(false);
  if (found.isPending || users.isLoading) return <Skeleton h={240} role="progressbar" aria-label={t.common.loading} />;
  if (found.isError) return <Failed failure={found.error} onRetry={() => void found.refetch()} />;
  const mine = found.data.filter((each) => manages(me, each.name));
  // a team rather than what belongs to one person
  const people = new Set(users.data?.map((each) => each.username));
  const workspace = mine.find((each) => each.name === chosen) ?? mine.find((each) => !people.has(each.name)) ?? mine[0];
  return (
    <>
      <Group mb="sm" align="flex-end">
        {mine.length > 0 && (
          <Select
            aria-label={manageText.people.pickWorkspace}
            data={mine.map((each) => each.name)}
            value={workspace?.name ?? null}
            onChange={(value) => { if (value) onChoose(value); }}
            allowDeselect={false}
            searchable
            w={260}
          />
        )}
        {me.role === "admin" && (
          <Button variant="default" leftSection={<IconPlus size={16} />} onClick={() => { setAdding(true); }}>
            {manageText.people.createWorkspace}
          </Button>
        )}
      </Group>
      {workspace ? (
        <Members key={workspace.id} workspace={workspace} admin={me.role === "admin"} self={me.username} />
      ) : (
        <Empty title={manageText.people.empty}>{me.role !== "admin" && manageText.people.nothing}</Empty>
      )}
      {adding && (
        <NewWorkspace
          onClose={() => { setAdding(false); }}
          onDone={(name) => {
            setAdding(false);
            onChoose(name);
          }}
        />
      )}
    </>
  );
}

const roles = ROLES.map((value) => ({ value, label: manageText.people.memberRoles[value] }));

function Members({ workspace, admin, self }: { workspace: Workspace; admin: boolean; self: string }) {
  const found = useQuery(membersOf(workspace.name));
  const [leaving, setLeaving] = useState<Member | null>(null);
  const cache = useQueryClient();
  const changed = useMutation({
    mutationFn: ({ name, role }: { name: string; role: MembershipRole }) => setMemberRole(workspace.name, name, role),
    onSettled: () => afterwards(cache),
  });
  if (found.isPending) return <Skeleton h={200} role="progressbar" aria-label={t.common.loading} />;
  if (found.isError) return <Failed failure={found.error} onRetry={() => void found.refetch()} />;
  return (
    <Stack gap="sm">
      <div className={sheet["sheet"]}>
        <Table className={sheet["table"] ?? ""} verticalSpacing={6} aria-label={manageText.people.members(found.data.length)}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{manageText.once.username}</Table.Th>
              <Table.Th>{manageText.people.name}</Table.Th>
              <Table.Th>{manageText.people.role}</Table.Th>
              <Table.Th>
                <span className="sr-only">{manageText.people.actions}</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.data.map((each) => (
              <Table.Tr key={each.id}>
                <Table.Th scope="row">
                  <span className={sheet["tags"]}>
                    {each.username}
                    {each.username === self && <Badge color="gray">{manageText.people.yourself}</Badge>}
                    {each.global_role === "admin" && <Badge color="gray">{manageText.people.isAdmin}</Badge>}
                  </span>
                </Table.Th>
                <Table.Td>{each.full_name}</Table.Td>
                <Table.Td>
                  <Select
                    aria-label={manageText.people.memberRole(each.username)}
                    size="xs"
                    w={140}
                    data={roles}
                    value={each.role}
                    allowDeselect={false}
                    onChange={(role) => { if (role) changed.mutate({ name: each.username, role }); }}
                  />
                </Table.Td>
                <Table.Td ta="end">
                  <Button
                    size="xs"
                    variant="subtle"
                    color="gray"
                    aria-label={manageText.people.removeOf(each.username, workspace.name)}
                    onClick={() => { setLeaving(each); }}
                  >
                    {manageText.people.remove} …
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {!found.data.length && (
          <Text size="sm" c="dimmed" p="md">
            {manageText.people.noMembers} {admin && manageText.people.noMembersAdmin}
          </Text>
        )}
      </div>
      {changed.isError && (
        <Alert color="red" variant="light" role="alert">
          {changed.error.message}
        </Alert>
      )}
      <AddMember workspace={workspace.name} admin={admin} members={found.data.map((each) => each.username)} />
      <RoleHints />
      {leaving && <Leave workspace={workspace} member={leaving} onClose={() => { setLeaving(null); }} />}
    </Stack>
  );
}

async function afterwards(cache: ReturnType<typeof useQueryClient>) {
  await Promise.all([
    cache.invalidateQueries({ queryKey: peopleKey }),
    cache.invalidateQueries({ queryKey: ["members"] }),
    cache.invalidateQueries({ queryKey: ["team-overview"] }),
  ]);
}

function AddMember({ workspace, admin, members }: { workspace: string; admin: boolean; members: readonly string[] }) {
  const cache = useQueryClient();
  const users = useQuery({ ...usersQuery, enabled: admin });
  const [username, setUsername] = useState("");
  const [role, setRole] = useState<MembershipRole>("annotator");
  const others = users.data?.filter((each) => each.active !== false && !members.includes(each.username)).map((each) => each.username);
  const added = useMutation({
    mutationFn: () => addMember(workspace, username.trim(), role),
    onSuccess: async () => {
      setUsername("");
      await afterwards(cache);
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (username.trim()) added.mutate();
  }
  return (
    <form onSubmit={submit}>
      <Group gap="xs" align="flex-end">
        {admin ? (
          <Select label={manageText.people.addMemberLabel} placeholder={manageText.people.addMemberChoose} data={others ?? []} value={username || null} onChange={(value) => { setUsername(value ?? ""); }} searchable clearable w={220} />
        ) : (
          <TextInput label={manageText.people.addMemberLabel} placeholder={manageText.people.addMemberHint} value={username} onChange={(event) => { setUsername(event.currentTarget.value); }} autoCapitalize="none" autoComplete="off" w={220} />
        )}
        <Select aria-label={manageText.people.as} data={roles} value={role} onChange={(value) => { setRole(value ?? "annotator"); }} allowDeselect={false} w={140} />
        <Button type="submit" variant="default" disabled={!username.trim()} loading={added.isPending}>
          {manageText.people.addMember}
        </Button>
      </Group>
      {added.isError && (
        <Alert color="red" variant="light" role="alert" mt="xs">
          {added.error.message}
        </Alert>
      )}
    </form>
  );
}

function Leave({ workspace, member, onClose }: { workspace: Workspace; member: Member; onClose: () => void }) {
  const cache = useQueryClient();
  const gone = useMutation({
    mutationFn: () => removeMember(workspace.id, member.id),
    onSuccess: async () => {
      onClose();
      await afterwards(cache);
    },
  });
  return (
    <Modal opened onClose={onClose} title={manageText.people.removeTitle(member.username, workspace.name)}>
      <Stack gap="sm">
        <Text size="sm">{manageText.people.removeIntro(member.username)}</Text>
        <OpenWork username={member.username} workspace={workspace.name} />
        {gone.isError && (
          <Alert color="red" variant="light" role="alert">
            {gone.error.message}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {t.common.cancel}
          </Button>
          <Button color="red.9" loading={gone.isPending} onClick={() => { gone.mutate(); }}>
            {manageText.people.remove}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function NewWorkspace({ onClose, onDone }: { onClose: () => void; onDone: (name: string) => void }) {
  const cache = useQueryClient();
  const [name, setName] = useState("");
  const made = useMutation({
    mutationFn: () => createWorkspace(name.trim()),
    onSuccess: async (workspace) => {
      await Promise.all([afterwards(cache), cache.invalidateQueries({ queryKey: ["me"], exact: true })]);
      onDone(workspace.name);
    },
  });
  const good = isName(name.trim());
  return (
    <Modal opened onClose={onClose} title={manageText.people.workspaceTitle}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (good) made.mutate();
        }}
      >
        <Stack gap="sm">
          <TextInput
            label={manageText.people.workspace}
            description={manageText.people.workspaceHint}
            value={name}
            onChange={(event) => { setName(event.currentTarget.value); }}
            error={made.error?.message ?? (name && !good ? manageText.create.badName : undefined)}
            autoCapitalize="none"
            data-autofocus
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {t.common.cancel}
            </Button>
            <Button type="submit" disabled={!good} loading={made.isPending}>
              {manageText.people.createWorkspace}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
