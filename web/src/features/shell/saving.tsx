/** Says whether everything is saved, and what to do about what is not. */

import { Badge, Button, Group, Modal, Paper, Stack, Text, UnstyledButton } from "@mantine/core";
import { IconAlertTriangle, IconCloudCheck, IconCloudOff, IconLoader2 } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import type { Problem } from "@/core/outbox";
import { t } from "@/text/en";

import { useOutbox, useOutboxState } from "./outbox";
import classes from "./shell.module.css";

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

export function Saving() {
  const { waiting, sending, offline, signedOut, savedAt, problems } = useOutboxState();
  const [open, setOpen] = useState(false);
  const words = problems.length
    ? t.saving.problem(problems.length)
    : signedOut
      ? t.saving.signedOut(waiting)
      : offline
        ? t.saving.offline(waiting)
        : sending
          ? t.saving.saving
          : savedAt
            ? t.saving.saved(clock.format(savedAt))
            : t.saving.nothing;
  const bad = problems.length > 0 || offline || signedOut;
  const Icon = problems.length ? IconAlertTriangle : offline ? IconCloudOff : sending ? IconLoader2 : IconCloudCheck;
  const shown = (
    <Group gap={6} wrap="nowrap" className={classes["saving"] ?? ""} data-bad={bad || undefined}>
      <Icon size={16} aria-hidden />
      <span>{words}</span>
    </Group>
  );
  return (
    <>
      <div role="status">
        {problems.length ? <UnstyledButton onClick={() => { setOpen(true); }}>{shown}</UnstyledButton> : shown}
      </div>
      <Modal opened={open && problems.length > 0} onClose={() => { setOpen(false); }} title={t.saving.title} size="lg">
        <Stack>
          <Text size="sm">{t.saving.intro}</Text>
          {problems.map((each) => (
            <ProblemCard key={each.letter.key} problem={each} />
          ))}
        </Stack>
      </Modal>
    </>
  );
}

function ProblemCard({ problem }: { problem: Problem }) {
  const outbox = useOutbox();
  const cache = useQueryClient();
  const { letter, outcome } = problem;
  const { labels, spans, text } = letter.answer.value;
  const mine = labels?.join(", ") ?? spans?.map((each) => each.label).join(", ") ?? text ?? "";
  const giveUp = async () => {
    await outbox.drop(letter.key);
    await cache.invalidateQueries({ queryKey: ["records"] });
  };
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" mb={4}>
        <Text fw={600} size="sm">
          {letter.dataset.name} · {letter.id}
        </Text>
        <Badge color="gray">{mine || letter.answer.state}</Badge>
      </Group>
      <Text size="sm" mb="xs">
        {outcome.kind === "refused"
          ? t.saving.refused(outcome.message)
          : outcome.reason === "changed"
            ? t.saving.changed
            : t.saving.answered(outcome.author)}
      </Text>
      <Group gap="xs">
        {outcome.kind === "conflict" && outcome.reason === "answered" && (
          <Button size="xs" onClick={() => void outbox.insist(letter.key)}>
            {t.saving.useMine}
          </Button>
        )}
        {outcome.kind === "refused" && (
          <Button size="xs" onClick={() => void outbox.post(letter)}>
            {t.saving.again}
          </Button>
        )}
        <Button size="xs" variant="default" onClick={() => void giveUp()}>
          {outcome.kind === "conflict" ? t.saving.keepTheirs : t.saving.drop}
        </Button>
      </Group>
    </Paper>
  );
}
