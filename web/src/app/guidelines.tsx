/** Guidelines for annotators, beside the record. Markdown without markup of its own, so nothing in it runs. */

import { ActionIcon, Skeleton, Text, Title } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import Markdown from "markdown-to-jsx/react";
import { useEffect } from "react";

import { guidelinesQuery } from "@/api/work";
import { usePreferences } from "@/app/preferences";
import type { DatasetRef } from "@/core/model";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";
import { Ago } from "@/ui/time";

import classes from "./guidelines.module.css";

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

/** Under which name the version that was read last is remembered. */
const readKey = ({ workspace, name }: DatasetRef) => `${workspace}/${name}`;

// below the headings of the page
const H3 = { component: "h3" as const };
const H4 = { component: "h4" as const };

const OPTIONS = {
  disableParsingRawHTML: true,
  forceBlock: true,
  wrapper: "div" as const,
  overrides: { img: Picture, a: Outside, h1: H3, h2: H3, h3: H4, h4: H4 },
};

interface Defined {
  readonly name: string;
  readonly hue: number;
  readonly description?: string;
}

interface Props {
  readonly dataset: DatasetRef;
  readonly labels: readonly Defined[];
  readonly onClose: () => void;
}

export default function Guidelines({ dataset, labels, onClose }: Props) {
  const found = useQuery(guidelinesQuery(dataset));
  const [preferences, change] = usePreferences();
  const version = found.data?.text ? found.data.version : 0;
  const known = preferences.guidelinesRead;
  const read = known?.[readKey(dataset)] ?? 0;
  useEffect(() => {
    if (version > read) change({ guidelinesRead: { ...known, [readKey(dataset)]: version } });
  }, [version, read, known, dataset, change]);
  const defined = labels.filter((each) => each.description);
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
        <Skeleton h={120} role="progressbar" aria-label={t.common.loading} />
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
      {defined.length > 0 && (
        <>
          <Title order={3} size="sm">
            {annotatingText.guidelines.labels}
          </Title>
          <dl className={classes["defined"]}>
            {defined.map((each) => (
              <div key={each.name}>
                <dt style={{ "--h": each.hue } as React.CSSProperties}>{each.name}</dt>
                <dd>{each.description}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </section>
  );
}
