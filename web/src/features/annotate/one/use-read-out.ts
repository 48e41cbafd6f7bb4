/** Reads a record out when it comes in front, for whoever does not see it. */

import { type ReactNode, useEffect, useEffectEvent } from "react";

import type { RecordEdit } from "@/core/edit-session";
import { annotatingText } from "@/text/annotating";
import { useSpoken } from "@/ui/spoken";

/** So much of a text is read out. */
const READ_OUT = 300;

/** Returns the place for the words. */
export function useReadOut(edit: RecordEdit | undefined, position: string): ReactNode {
  const { say, place } = useSpoken();
  const id = edit?.record.id;
  const text = edit?.record.fields[0]?.text;
  const onFront = useEffectEvent((words: string) => { say(annotatingText.record.inFront(position, words.slice(0, READ_OUT))); });
  useEffect(() => {
    if (text !== undefined) onFront(text);
  }, [id, text]);
  return place;
}
