/** A webhook's secret, shown once. */

import { Alert, Button, Code, CopyButton, Group, Text } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

import { t } from "@/text/en";
import { hooks } from "@/text/webhooks";

export function Secret({ secret }: { secret: string }) {
  return (
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
      </Group>
    </Alert>
  );
}
