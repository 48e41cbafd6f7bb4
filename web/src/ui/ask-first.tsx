/** Asks before a page is left that shows what is never shown again. */

import { Alert, Button, Group } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";
import { type ReactNode, useRef } from "react";

import { manageText } from "@/text/manage";

/** `question` is to be shown beside it; after `keep` the page is left without one. */
export function useAskFirst(): { readonly question: ReactNode; readonly keep: () => void } {
  const kept = useRef(false);
  const { status, proceed, reset } = useBlocker({ shouldBlockFn: () => !kept.current, enableBeforeUnload: () => !kept.current, withResolver: true });
  const question = status === "blocked" && (
    <Alert variant="light" color="red" role="alert" title={manageText.once.leaving}>
      <Group gap="xs">
        <Button size="xs" variant="default" autoFocus onClick={reset}>
          {manageText.once.stay}
        </Button>
        <Button size="xs" color="red.9" onClick={proceed}>
          {manageText.once.leave}
        </Button>
      </Group>
    </Alert>
  );
  return { question, keep: () => { kept.current = true; } };
}
