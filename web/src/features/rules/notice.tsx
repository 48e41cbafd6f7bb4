/** Notice of what was just done to a rule, with the way back; undoing twice is redoing. */

import { Alert, Button, Group } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { undoRule } from "@/api/rules";
import type { DatasetRef } from "@/core/model";
import { rulesText } from "@/text/rules";

export interface Noted {
  readonly text: string;
  readonly query: string;
  readonly undone?: boolean;
}

interface Props {
  readonly dataset: DatasetRef;
  readonly noted: Noted | null;
  readonly onNoted: (noted: Noted) => void;
}

export function Notice({ dataset, noted, onNoted }: Props) {
  const undo = useMutation({
    mutationFn: ({ query }: Noted) => undoRule(dataset, query),
    onSuccess: (_, { query, undone }) => { onNoted({ text: rulesText.notice.undone, query, undone: !undone }); },
  });
  return (
    <div role="status">
      {noted && (
        <Alert variant="light" color={undo.isError ? "orange" : "gray"} py="xs">
          <Group justify="space-between" gap="xs">
            <span style={{ overflowWrap: "anywhere", minWidth: 0, flex: "1 1 12rem" }}>{undo.error?.message ?? noted.text}</span>
            <Button size="compact-sm" variant="default" loading={undo.isPending} onClick={() => { undo.mutate(noted); }}>
              {noted.undone ? rulesText.notice.redo : rulesText.notice.undo}
            </Button>
          </Group>
        </Alert>
      )}
    </div>
  );
}
