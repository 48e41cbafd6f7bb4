/** Writing a text for a text, with what is predicted beside it. */

import { Button, Group, Text, Textarea } from "@mantine/core";
import { useEffect, useRef } from "react";

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
  const text = now.value.text ?? "";
  const { hidden } = useAnnotatorSettings();
  const suggestions = (hidden ? [] : record.suggestions).flatMap((each) => each.texts.map((one) => ({ ...one, agent: each.agent })));
  const done = now.state === "submitted" || now.state === "discarded";

  // as a property of the widget it lands on the frame around the field, which takes its direction from the label
  useEffect(() => { field.current?.setAttribute("dir", "auto"); }, []);

  useEffect(() => {
    if (active) field.current?.focus({ preventScroll: true });
  }, [active, record.id]);

  return (
    <div className={classes["writing"]}>
      <Textarea
        ref={field}
        label={t.annotate.answer}
        autosize
        minRows={3}
        maxRows={16}
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
