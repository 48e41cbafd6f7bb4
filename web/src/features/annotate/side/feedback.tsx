/** Feedback on answers: those that do not count, and what a record stands by since somebody decided. */

import { Alert, Text } from "@mantine/core";

import { type Answer, type Gold, sameValue } from "@/core/model";
import { t } from "@/text/en";

/** An answer in few words. */
export function inWords({ value, state }: Answer, text: string): string {
  if (state === "discarded") return t.annotate.discarded;
  const { labels, spans, text: written } = value;
  if (labels) return labels.join(", ") || t.feedback.nothing;
  if (spans) return spans.map((each) => `${text.slice(each.start, each.end)} ${each.label}`).join(", ") || t.feedback.nothing;
  return written ?? t.feedback.nothing;
}

/** Decision about a record that I answered, and whether that is what I answered. */
export function Decided({ gold, mine, text }: { gold: Gold; mine: Answer; text: string }) {
  const same = gold.state === mine.state && sameValue(gold.value, mine.value);
  return (
    <Alert color={same ? "pine" : "yellow"} variant="light">
      <Text size="sm" fw={600}>
        {same ? t.feedback.confirmed : t.feedback.changed}
      </Text>
      <Text size="sm">{t.feedback.decided(gold.author ?? t.common.somebody, inWords(gold, text))}</Text>
      {gold.reason && <Text size="sm">{t.feedback.reason(gold.reason)}</Text>}
    </Alert>
  );
}
