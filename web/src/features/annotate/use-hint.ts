/** Hint at what a control does, with its key. */

import type { ScreenAction } from "@/core/keys";
import { useAnnotatorSettings } from "@/record/annotator-settings";
import { printed } from "@/ui/key";

export function useHint(): (words: string, action: ScreenAction) => string {
  const { bindings } = useAnnotatorSettings();
  return (words, action) => {
    const key = bindings[action][0];
    return key === undefined ? words : `${words} (${printed(key)})`;
  };
}
