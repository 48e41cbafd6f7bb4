/** Answers the server did not take, each with what can be done about it. */

import { Badge, Button, Group, Modal, Paper, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";

import type { Answer } from "@/core/model";
import type { Problem } from "@/core/outbox";
import { saveFile } from "@/core/save-file";
import { t } from "@/text/en";

import { useOutbox } from "./outbox-provider";

export default function Problems({ problems, onClose }: { problems: readonly Problem[]; onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title={t.saving.title} size="lg">
      <Stack>
        <Text size="sm">{t.saving.intro}</Text>
        {problems.map((each) => (
          <ProblemCard key={each.pending.key} problem={each} all={problems} />
        ))}
      </Stack>
    </Modal>
  );
}

function words({ value, state }: Answer): string {
  const { labels, spans, text } = value;
  return (labels?.join(", ") ?? spans?.map((each) => each.label).join(", ") ?? text ?? "") || state;
}

function explanation(outcome: Problem["outcome"]): string {
  if (outcome.kind === "refused") return t.saving.refused(outcome.message);
  if (outcome.kind === "gone") return t.saving.gone;
  if (outcome.reason === "changed") return t.saving.changed;
  return outcome.reason === "elsewhere" ? `${t.saving.elsewhere} ${words(outcome.current)}` : t.saving.answered(outcome.author ?? t.common.somebody);
}

/** Saves all answers whose dataset is gone as a file, one a line, with the text they were given on. */
function download(problems: readonly Problem[]) {
  const gone = problems.filter((each) => each.outcome.kind === "gone").map(({ pending }) => pending);
  const lines = gone.map(({ dataset, id, user, answer, content, at }) =>
    JSON.stringify({ workspace: dataset.workspace, dataset: dataset.name, uuid: dataset.individual?.uuid, task: dataset.task, id, annotator: user, ...answer, content: JSON.parse(content) as unknown, at: new Date(at).toISOString() }),
  );
  saveFile(new Blob([`${lines.join("\n")}\n`], { type: "application/x-ndjson" }), `answers-${gone[0]?.dataset.name ?? ""}.jsonl`);
}

/** Text that the answer was given on: nobody knows a record by its id. */
function textOf(content: string): string {
  const [fields] = JSON.parse(content) as [[string, string][]];
  return fields.map(([, text]) => text).join(" · ");
}

function ProblemCard({ problem, all }: { problem: Problem; all: readonly Problem[] }) {
  const outbox = useOutbox();
  const cache = useQueryClient();
  const { pending, outcome } = problem;
  const mine = words(pending.answer);
  const giveUp = async () => {
    await outbox.drop(pending.key);
    await cache.invalidateQueries({ queryKey: ["records"] });
  };
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" mb={4}>
        <Text fw={600} size="sm">
          {pending.dataset.name} · {pending.id}
        </Text>
        <Badge color="gray">{mine}</Badge>
      </Group>
      <Text size="sm" c="dimmed" dir="auto" lineClamp={2}>
        {textOf(pending.content)}
      </Text>
      <Text size="sm" mb="xs">
        {explanation(outcome)}
      </Text>
      <Group gap="xs">
        {outcome.kind === "gone" && (
          <Button size="xs" onClick={() => { download(all); }}>
            {t.saving.download}
          </Button>
        )}
        {outcome.kind === "conflict" && outcome.reason !== "changed" && (
          <Button size="xs" onClick={() => void outbox.sendAnyway(pending.key)}>
            {t.saving.useMine}
          </Button>
        )}
        {outcome.kind === "refused" && (
          <Button size="xs" onClick={() => void outbox.post(pending)}>
            {t.saving.again}
          </Button>
        )}
        <Button size="xs" variant="default" onClick={() => void giveUp()}>
          {outcome.kind === "conflict" ? t.saving.keepSaved : t.saving.drop}
        </Button>
      </Group>
    </Paper>
  );
}
