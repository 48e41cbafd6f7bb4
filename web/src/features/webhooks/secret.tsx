/** A webhook's secret, shown once: it stays until somebody says that they have saved it. */

import { Alert, Button, Code, CopyButton, Group, Stack, Text } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

import { t } from "@/text/en";
import { manageText } from "@/text/manage";
import { hooks } from "@/text/webhooks";
import { useAskFirst } from "@/ui/ask-first";

export function Secret({ secret, onKept }: { secret: string; onKept: () => void }) {
  const { question, keep } = useAskFirst();
  return (
    <Stack gap="sm">
      <Alert variant="light" color="pine" title={hooks.secretTitle} role="status">
        <Text size="sm" mb="xs">
          {hooks.secretIntro}
        </Text>
        <Group gap="xs">
          <Code style={{ overflowWrap: "anywhere" }}>{secret}</Code>
          <CopyButton value={secret} timeout={2000}>
            {({ copied, copy }) => (
              <Button size="xs" variant="default" leftSection={copied ? <IconCheck size={14} /> : <IconCopy size={14} />} onClick={copy}>
                {copied ? t.common.copied : hooks.copySecret}
              </Button>
            )}
          </CopyButton>
          <Button size="xs" onClick={() => { keep(); onKept(); }}>
            {manageText.once.closeOne}
          </Button>
        </Group>
      </Alert>
      {question}
    </Stack>
  );
}
