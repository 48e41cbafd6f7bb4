/** A button that copies a text and says that it did. */

import { ActionIcon, CopyButton } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";

import { t } from "@/text/en";

export function Copy({ text, label, children }: { text: string; label: string; children: ReactNode }) {
  return (
    <CopyButton value={text} timeout={1500}>
      {({ copied, copy }) => (
        <ActionIcon aria-label={copied ? t.common.copied : label} title={copied ? t.common.copied : label} onClick={copy}>
          {copied ? <IconCheck size={16} /> : children}
        </ActionIcon>
      )}
    </CopyButton>
  );
}
