/** Answers the server did not take, each with what can be done about it. */

import { Badge, Button, Group, Modal, Paper, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";

import type { Problem } from "@/core/outbox";
import { t } from "@/text/en";

import { useOutbox } from "./outbox";

export default function Problems({ problems, onClose }: { problems: readonly Problem[]; onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title={t.saving.title} size="lg">
      <Stack>
        <Text size="sm">{t.saving.intro}</Text>
        {problems.map((each) => (
          <ProblemCard key={each.letter.key} problem={each} />
        ))}
      </Stack>
    </Modal>
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
