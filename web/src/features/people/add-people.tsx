/** Accounts for several people at once: usernames in, passwords out. */

import { Alert, Button, Checkbox, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useIsMutating, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";

import { createTeam, type MembershipRole, peopleKey, usersQuery, workspacesQuery } from "@/api/people";
import { drawPassword, isName, namesIn, spoken } from "@/core/people";
import { t } from "@/text/en";
import { list } from "@/text/format";
import { manageText } from "@/text/manage";
import { onlyByButton, type Secret, ShownOnce } from "@/ui/shown-once";

const MADE = ["add-people"];
const NONE = "";
const NEW = "\n"; // no workspace is called like that

export default function AddPeople({ onClose, workspace: wanted }: { onClose: () => void; workspace?: string }) {
  const workspaces = useQuery(workspacesQuery);
  const [secrets, setSecrets] = useState<readonly Secret[] | null>(null);
  const making = useIsMutating({ mutationKey: MADE }) > 0;
  return (
    <Modal opened onClose={onClose} title={manageText.people.addTitle} size="lg" {...onlyByButton(making || Boolean(secrets))}>
      {secrets ? (
        <ShownOnce secrets={secrets} onClose={onClose} />
      ) : (
        workspaces.data && <Form workspaces={workspaces.data.map((each) => each.name)} wanted={wanted} onClose={onClose} onDone={setSecrets} />
      )}
    </Modal>
  );
}

interface Props {
  readonly workspaces: readonly string[];
  readonly wanted: string | undefined;
  readonly onClose: () => void;
  readonly onDone: (secrets: readonly Secret[]) => void;
}

function Form({ workspaces, wanted, onClose, onDone }: Props) {
  const cache = useQueryClient();
  const users = useQuery(usersQuery);
  const people = new Set(users.data?.map((each) => each.username));
  // workspaces of single people are rarely where a team works
  const shared = workspaces.filter((each) => !people.has(each));
  const [text, setText] = useState("");
  const [workspace, setWorkspace] = useState(wanted ?? shared[0] ?? NEW);
  const [fresh, setFresh] = useState("team");
  const [membership, setMembership] = useState<MembershipRole>("annotator");
  const [personal, setPersonal] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => { first.current?.focus(); }, []); // the dialog may have been there before this form
  const names = namesIn(text);
  const bad = names.filter((each) => !isName(each) || each.length > 50 || each === "me");
  const known = names.filter((each) => people.has(each));
  const joins = workspace === NEW ? fresh.trim() : workspace;
  const badWorkspace = workspace === NEW && !isName(joins);

  const made = useMutation({
    mutationKey: MADE,
    mutationFn: async () => {
      const drawn = names.map((username) => ({ username, first_name: spoken(username), password: drawPassword(), role: "annotator" as const }));
      const users = await createTeam({ users: drawn, workspace: joins || null, membership, personal });
      return drawn.map(({ username, password }): Secret => {
        const key = users.find((each) => each.username === username)?.api_key;
        return { username, password, ...(key ? { key } : {}) };
      });
    },
    onSuccess: async (secrets) => {
      onDone(secrets);
      await Promise.all([cache.invalidateQueries({ queryKey: peopleKey }), cache.invalidateQueries({ queryKey: ["me"], exact: true }), cache.invalidateQueries({ queryKey: ["members"] }), cache.invalidateQueries({ queryKey: ["team-overview"] })]);
    },
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    if (names.length && !bad.length && !known.length && !badWorkspace) made.mutate();
  }

  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          ref={first}
          label={manageText.people.usernames}
          description={manageText.people.usernamesHint}
          placeholder="ana ben cy"
          value={text}
          onChange={(event) => { setText(event.currentTarget.value); }}
          error={bad.length ? manageText.people.badNames(list(bad)) : known.length ? manageText.people.knownNames(list(known), known.length) : undefined}
          autoCapitalize="none"
          autoComplete="off"
          data-autofocus
        />
        <Group grow align="flex-start">
          <Select
            label={manageText.people.joins}
            data={[
              { value: NEW, label: manageText.people.newWorkspace },
              ...(workspaces.length ? [{ group: manageText.people.workspaces, items: [...shared, ...workspaces.filter((each) => people.has(each))] }] : []),
              { value: NONE, label: manageText.people.noWorkspace },
            ]}
            value={workspace}
            onChange={(value) => { setWorkspace(value ?? NONE); }}
            allowDeselect={false}
            searchable
          />
          {workspace === NEW && (
            <TextInput
              label={manageText.people.workspaceName}
              value={fresh}
              onChange={(event) => { setFresh(event.currentTarget.value); }}
              error={badWorkspace ? manageText.people.workspaceHint : undefined}
              autoCapitalize="none"
            />
          )}
          {joins !== NONE && (
            <Select
              label={manageText.people.as}
              data={(["annotator", "reviewer", "manager"] as const).map((value) => ({ value, label: manageText.people.memberRoles[value] }))}
              value={membership}
              onChange={(value) => { setMembership(value ?? "annotator"); }}
              allowDeselect={false}
              description={undefined}
            />
          )}
        </Group>
        <Checkbox
          label={manageText.people.personal}
          description={manageText.people.personalHint}
          checked={personal}
          onChange={(event) => { setPersonal(event.currentTarget.checked); }}
        />
        {made.isError && (
          <Alert color="red" variant="light" role="alert">
            {made.error.message}
          </Alert>
        )}
        <Group justify="flex-end" gap="xs" mt="xs">
          <Button variant="default" onClick={onClose} disabled={made.isPending}>
            {t.common.cancel}
          </Button>
          <Button type="submit" loading={made.isPending} disabled={!names.length || bad.length > 0 || known.length > 0 || badWorkspace}>
            {names.length ? manageText.people.create(names.length) : manageText.people.createNone}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
