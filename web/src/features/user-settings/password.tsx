/** A new password for oneself. */

import { Alert, Button, PasswordInput, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";

import { changePassword } from "@/api/session";
import { accountText } from "@/text/account";

export function Password({ username }: { username: string }) {
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const change = useMutation({
    mutationFn: () => changePassword(current, fresh),
    onSuccess: () => {
      setCurrent("");
      setFresh("");
    },
  });

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    change.mutate();
  }

  return (
    <form onSubmit={submit}>
      <Stack gap="sm" maw={360}>
        <Text size="sm">{accountText.intro}</Text>
        {change.isSuccess && (
          <Alert variant="light" role="status">
            {accountText.done}
          </Alert>
        )}
        {change.isError && (
          <Alert color="red" variant="light" role="alert">
            {change.error.message}
          </Alert>
        )}
        <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
        <PasswordInput
          label={accountText.current}
          autoComplete="current-password"
          value={current}
          onChange={(event) => { setCurrent(event.currentTarget.value); }}
          required
          withAsterisk={false}
        />
        <PasswordInput
          label={accountText.fresh}
          description={accountText.rule}
          autoComplete="new-password"
          minLength={8}
          maxLength={100}
          value={fresh}
          onChange={(event) => { setFresh(event.currentTarget.value); }}
          required
          withAsterisk={false}
        />
        <Button type="submit" variant="default" loading={change.isPending} style={{ alignSelf: "flex-start" }}>
          {accountText.submit}
        </Button>
      </Stack>
    </form>
  );
}
