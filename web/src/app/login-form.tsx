/** Username and password, and what went wrong with them. */

import { Alert, Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { ApiError } from "@/api/client";
import { type Me, signIn } from "@/api/session";
import { t } from "@/text/en";

export function LoginForm({ onDone, username: known }: { onDone: (me: Me) => void; username?: string }) {
  const [username, setUsername] = useState(known ?? "");
  const [password, setPassword] = useState("");
  const attempt = useMutation({ mutationFn: () => signIn(username.trim(), password), onSuccess: onDone });

  function submit(event: FormEvent) {
    event.preventDefault();
    attempt.mutate();
  }

  const failure = attempt.error;
  const wrong = failure instanceof ApiError && failure.status === 401;
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {failure && (
          <Alert color="red" variant="light" role="alert">
            {wrong ? t.login.wrong : failure.message}
          </Alert>
        )}
        <TextInput
          label={t.login.username}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          value={username}
          onChange={(event) => { setUsername(event.currentTarget.value); }}
          readOnly={known !== undefined}
          autoFocus={known === undefined}
          required
          withAsterisk={false}
        />
        <PasswordInput
          label={t.login.password}
          name="password"
          autoComplete="current-password"
          value={password}
          onChange={(event) => { setPassword(event.currentTarget.value); }}
          autoFocus={known !== undefined}
          data-autofocus={known !== undefined || undefined}
          required
          withAsterisk={false}
        />
        <Button type="submit" loading={attempt.isPending} mt="xs">
          {t.login.submit}
        </Button>
      </Stack>
    </form>
  );
}
