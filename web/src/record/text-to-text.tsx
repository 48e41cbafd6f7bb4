/** Writing a text for a text, with what is predicted beside it. */

import { Button, Group, Text } from "@mantine/core";
import { useEffect, useId, useRef } from "react";

import type { RecordEdit } from "@/core/edit-session";
import { t } from "@/text/en";
import { percentOf } from "@/text/format";

import { useAnnotatorSettings } from "./annotator-settings";
import classes from "./record.module.css";

interface Props {
  readonly edit: RecordEdit;
  readonly active: boolean;
  readonly onChange: (text: string, typing: boolean) => void;
}

export default function TextToText({ edit, active, onChange }: Props) {
  const { record, now } = edit;
  const field = useRef<HTMLTextAreaElement>(null);
  const name = useId();
  const text = now.value.text ?? "";
  const { hidden } = useAnnotatorSettings();
  const suggestions = (hidden ? [] : record.suggestions).flatMap((each) => each.texts.map((one) => ({ ...one, agent: each.agent })));
  const done = now.state === "submitted" || now.state === "discarded";

  useEffect(() => {
    if (active) field.current?.focus({ preventScroll: true });
  }, [active, record.id]);

  return (
    <div className={classes["writing"]}>
      {/* of its own: the widget, with all it needs to grow with its text, is a twentieth of the page */}
      <label htmlFor={name} className={classes["answerlabel"]}>
        {t.annotate.answer}
      </label>
      <textarea
        ref={field}
        id={name}
        className={classes["answer"]}
        dir="auto"
        rows={3}
        value={text}
        spellCheck
        onChange={(event) => { onChange(event.currentTarget.value, true); }}
        onKeyDown={(event) => { if (event.key === "Escape") event.currentTarget.blur(); }}
      />
      <Text size="xs" c="dimmed" ta="end">
        {t.annotate.words(text.split(/\s+/).filter(Boolean).length)}
      </Text>
      {!done &&
        suggestions.map((each, at) => (
          <div key={`${each.agent}-${String(at)}`} className={classes["suggestion"]}>
            <Group justify="space-between" wrap="nowrap" mb={4}>
              <Text size="xs" c="dimmed">
                {t.annotate.predictedBy(each.agent)} · {percentOf(each.score)}
              </Text>
              <Button
                size="compact-xs"
                variant="default"
                aria-label={`${t.annotate.useText}: ${each.text}`}
                onClick={() => {
                  onChange(each.text, false);
                  field.current?.focus();
                }}
              >
                {t.annotate.useText}
              </Button>
            </Group>
            <Text size="sm" dir="auto" style={{ whiteSpace: "pre-wrap" }}>
              {each.text}
            </Text>
          </div>
        ))}
    </div>
  );
}
