/** Signing in over whatever is open, so that nobody loses their place or an answer. */

import { Modal, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";

import { type Me, meQuery } from "@/api/session";
import { LoginForm } from "@/features/session/login-form";
import { t } from "@/text/en";

import { useOutbox } from "./outbox";

export default function SignInAgain({ me, onDone }: { me: Me; onDone: () => void }) {
  const cache = useQueryClient();
  const outbox = useOutbox();

  function done(who: Me) {
    onDone();
    cache.setQueryData(meQuery.queryKey, who);
    outbox.resume();
    void cache.invalidateQueries({ predicate: (query) => query.state.status === "error" });
  }

  return (
    <Modal
      opened
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={t.login.again}
    >
      <Text size="sm" mb="md">
        {t.login.againIntro}
      </Text>
      <LoginForm username={me.username} onDone={done} />
    </Modal>
  );
}
