/** The first administrator of an empty server; afterwards one is where a team begins. */

import { Alert, Button, Center, Code, Group, Paper, PasswordInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconArrowRight, IconCopy } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";

import { setUp } from "@/api/people";
import { type Me, meQuery } from "@/api/session";
import { accountText } from "@/text/account";
import { t } from "@/text/en";
import { manageText } from "@/text/manage";
import { useAskFirst } from "@/ui/ask-first";
import { Copy } from "@/ui/copy";
import { Logo } from "@/ui/logo";

export function SetupPage() {
  const [made, setMade] = useState<{ me: Me; key: string | null } | null>(null);
  return (
    <Center component="main" mih="100vh" p="md">
      <title>{`${manageText.setup.title} · ${t.app}`}</title>
      <Paper withBorder p="xl" w={460} maw="100%">
        <Group gap="xs" mb="md" wrap="nowrap">
          <Logo size={28} />
          <Title order={1}>{made ? manageText.setup.welcome(made.me.first_name) : manageText.setup.title}</Title>
        </Group>
        {made ? <Welcome apiKey={made.key} /> : <Form onDone={setMade} />}
      </Paper>
    </Center>
  );
}

function Form({ onDone }: { onDone: (made: { me: Me; key: string | null }) => void }) {
  const cache = useQueryClient();
  const [form, setForm] = useState({ code: "", first_name: "", username: "", password: "" });
  const attempt = useMutation({
    mutationFn: () => setUp({ ...form, code: form.code.trim(), username: form.username.trim() }),
    onSuccess: (made) => {
      cache.clear();
      cache.setQueryData(meQuery.queryKey, made.me);
      onDone(made);
    },
  });
  const field = (name: keyof typeof form) => ({
    name,
    value: form[name],
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => {
      const { value } = event.currentTarget;
      setForm((before) => ({ ...before, [name]: value }));
    },
    required: true,
    withAsterisk: false,
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    attempt.mutate();
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          {manageText.setup.intro}
        </Text>
        {attempt.isError && (
          <Alert color="red" variant="light" role="alert">
            {attempt.error.message}
          </Alert>
        )}
        <TextInput label={manageText.setup.code} description={manageText.setup.codeHint} autoComplete="off" autoCapitalize="none" spellCheck={false} autoFocus {...field("code")} />
        <TextInput label={manageText.setup.name} autoComplete="given-name" {...field("first_name")} />
        <TextInput label={manageText.setup.username} description={manageText.setup.usernameHint} autoComplete="username" autoCapitalize="none" pattern="[a-z0-9][a-z0-9_\-]*" {...field("username")} />
        <PasswordInput label={manageText.setup.password} description={manageText.setup.passwordHint} autoComplete="new-password" minLength={8} maxLength={100} {...field("password")} />
        <Button type="submit" loading={attempt.isPending} mt="xs">
          {manageText.setup.submit}
        </Button>
      </Stack>
    </form>
  );
}

function Welcome({ apiKey }: { apiKey: string | null }) {
  const navigate = useNavigate();
  const { question, keep } = useAskFirst();
  const goOn = () => {
    keep();
    void navigate({ to: "/team", search: {} });
  };
  return (
    <Stack>
      {apiKey && (
        <>
          <Text size="sm">{manageText.setup.keyIntro}</Text>
          <Group gap={4} wrap="nowrap">
            <Code style={{ overflowWrap: "anywhere" }}>{apiKey}</Code>
            <Copy text={apiKey} label={accountText.settings.copyKey}>
              <IconCopy size={16} />
            </Copy>
          </Group>
        </>
      )}
      <Button autoFocus rightSection={<IconArrowRight size={16} />} onClick={goOn}>
        {manageText.setup.goOn}
      </Button>
      {question}
    </Stack>
  );
}
