/** What annotators are told to do, beside the record. Markdown without markup of its own, so nothing in it runs. */

import { ActionIcon, Skeleton, Text, Title } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Markdown from "markdown-to-jsx/react";

import { guidelinesQuery } from "@/api/work";
import type { DatasetRef } from "@/core/model";
import { t } from "@/text/en";
import { Ago } from "@/ui/time";

import classes from "./sidebar.module.css";

/** Pictures would be asked of other hosts; their words are shown instead. */
function Picture({ alt }: { alt?: string }) {
  return <em>{alt}</em>;
}

function Outside({ children, ...props }: React.ComponentProps<"a">) {
  return (
    <a {...props} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  );
}

// below the headings of the page
const H3 = { component: "h3" as const };
const H4 = { component: "h4" as const };

const OPTIONS = {
  disableParsingRawHTML: true,
  forceBlock: true,
  wrapper: "div" as const,
  overrides: { img: Picture, a: Outside, h1: H3, h2: H3, h3: H4, h4: H4 },
};

export default function Guidelines({ dataset, onClose }: { dataset: DatasetRef; onClose: () => void }) {
  const found = useQuery(guidelinesQuery(dataset));
  return (
    <section className={classes["part"]} aria-label={t.guidelines.title}>
      <div className={classes["row"]}>
        <Title order={2} size="sm">
          {t.guidelines.title}
        </Title>
        <ActionIcon size="sm" aria-label={t.guidelines.close} onClick={onClose}>
          <IconX size={14} />
        </ActionIcon>
      </div>
      {found.isPending ? (
        <Skeleton h={120} aria-label={t.common.loading} />
      ) : found.isError ? (
        <Text size="sm">{found.error.message}</Text>
      ) : found.data.text ? (
        <>
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- long guidelines are scrolled by keyboard */}
          <div className={classes["guidelines"]} tabIndex={0} role="region" aria-label={t.guidelines.text}>
            <Markdown options={OPTIONS}>{found.data.text}</Markdown>
          </div>
          <Text size="xs" c="dimmed">
            {t.guidelines.version(found.data.version)} · <Ago time={found.data.at ?? null} />
          </Text>
        </>
      ) : (
        <Text size="sm" c="dimmed">
          {t.guidelines.none}
        </Text>
      )}
    </section>
  );
}
