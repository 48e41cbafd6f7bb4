/** Signing in over whatever is open, so that nobody loses their place or an answer. */

import { Button, Modal, Stack, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";

import { base } from "@/api/client";
import { type Me, meQuery, subscribeToSession, whoIsHere } from "@/api/session";
import { t } from "@/text/en";

import { LoginForm } from "./login-form";
import { useOutbox, useOutboxPart } from "./outbox-provider";

export default function SignInAgain({ me, onDone }: { me: Me; onDone: () => void }) {
  const cache = useQueryClient();
  const outbox = useOutbox();
  const waiting = useOutboxPart("waiting");
  const { data: here, isPending, refetch } = useQuery({ queryKey: ["here"], queryFn: whoIsHere, staleTime: 0, gcTime: 0 });
  const other = here && here.username !== me.username ? here : null;

  const done = useCallback(
    (who: Me) => {
      onDone();
      cache.setQueryData(meQuery.queryKey, who);
      outbox.resume();
      void cache.invalidateQueries({ predicate: (query) => query.state.status === "error" });
    },
    [cache, onDone, outbox],
  );

  useEffect(() => subscribeToSession(() => void refetch()), [refetch]);
  useEffect(() => {
    if (here?.username === me.username) done(here); // signed in again in another window
  }, [here, me.username, done]);

  return (
    <Modal
      opened={!isPending && here?.username !== me.username}
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={other ? t.login.other(other.full_name) : t.login.again}
    >
      <Stack gap="md">
        <Text size="sm">{other ? t.login.otherIntro(me.full_name, waiting) : t.login.againIntro}</Text>
        <LoginForm username={me.username} onDone={done} />
        {other && (
          <Button variant="default" onClick={() => { window.location.assign(base); }}>
            {t.login.goOnAs(other.full_name)}
          </Button>
        )}
      </Stack>
    </Modal>
  );
}
