/** Changes by an administrator to one user: names and role, password, key, deactivate, restore. */

import { Alert, Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { changeUser, deactivateUser, peopleKey, restoreUser, type User } from "@/api/people";
import { resetKey } from "@/api/session";
import { drawPassword } from "@/core/people";
import { t } from "@/text/en";
import { manageText } from "@/text/manage";
import { onlyByButton, type Secret, ShownOnce } from "@/ui/shown-once";

import { OpenWork } from "./open-work";

export type UserAct = "edit" | "password" | "key" | "deactivate" | "restore";

const TITLES: Record<UserAct, (name: string) => string> = {
  edit: manageText.people.editTitle,
  password: manageText.people.resetPasswordTitle,
  key: manageText.people.resetKeyTitle,
  deactivate: manageText.people.deactivateTitle,
  restore: manageText.people.restoreTitle,
};

export default function ChangeUser({ user, act, onClose }: { user: User; act: UserAct; onClose: () => void }) {
  const cache = useQueryClient();
  const [secret, setSecret] = useState<Secret | null>(null);
  const [form, setForm] = useState({ first_name: user.first_name, last_name: user.last_name ?? "", role: user.role });
  const { username } = user;

  const done = useMutation({
    mutationFn: async (): Promise<Secret | null> => {
      if (act === "edit") await changeUser(user.id, form);
      else if (act === "deactivate") await deactivateUser(user.id);
      else if (act === "key") return { username, key: (await resetKey(user.id)).api_key ?? "" };
      else {
        const password = drawPassword();
        if (act === "password") await changeUser(user.id, { password });
        else {
          const key = (await restoreUser(user, password)).api_key;
          return { username, password, ...(key ? { key } : {}) };
        }
        return { username, password };
      }
      return null;
    },
    onSuccess: async (shown) => {
      if (shown) setSecret(shown);
      else onClose();
      await Promise.all([cache.invalidateQueries({ queryKey: peopleKey }), cache.invalidateQueries({ queryKey: ["team-overview"] })]);
    },
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    done.mutate();
  }

  return (
    <Modal opened onClose={onClose} title={TITLES[act](username)} size={secret ? "lg" : "md"} {...onlyByButton(done.isPending || Boolean(secret))}>
      {secret ? (
        <ShownOnce secrets={[secret]} onClose={onClose} />
      ) : (
        <form onSubmit={submit}>
          <Stack gap="sm">
            {act === "edit" && (
              <>
                <TextInput label={manageText.people.firstName} value={form.first_name} required withAsterisk={false} data-autofocus onChange={(event) => { setForm({ ...form, first_name: event.currentTarget.value }); }} />
                <TextInput label={manageText.people.lastName} value={form.last_name} onChange={(event) => { setForm({ ...form, last_name: event.currentTarget.value }); }} />
                <Select
                  label={manageText.people.role}
                  description={manageText.people.roleHint}
                  data={(["annotator", "admin"] as const).map((value) => ({ value, label: manageText.people.roles[value] }))}
                  value={form.role}
                  allowDeselect={false}
                  onChange={(role) => { setForm({ ...form, role: role ?? form.role }); }}
                />
              </>
            )}
            {act === "password" && <Text size="sm">{manageText.people.resetPasswordIntro}</Text>}
            {act === "key" && <Text size="sm">{manageText.people.resetKeyIntro}</Text>}
            {act === "restore" && <Text size="sm">{manageText.people.restoreIntro(username)}</Text>}
            {act === "deactivate" && (
              <>
                <Text size="sm">{manageText.people.deactivateIntro(username)}</Text>
                <OpenWork username={username} />
              </>
            )}
            {done.isError && (
              <Alert color="red" variant="light" role="alert">
                {done.error.message}
              </Alert>
            )}
            <Group justify="flex-end" gap="xs" mt="xs">
              <Button variant="default" onClick={onClose} disabled={done.isPending}>
                {t.common.cancel}
              </Button>
              <Button type="submit" loading={done.isPending} color={act === "deactivate" ? "red.9" : "pine"}>
                {act === "edit" ? manageText.people.save : act === "deactivate" ? manageText.people.deactivate : act === "restore" ? manageText.people.restore : manageText.people.make}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
