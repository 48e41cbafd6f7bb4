/** The language somebody chose: theirs on every device, shown by loading the page anew. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";

import { preferencesQuery, savePreferences } from "@/api/session";
import { chosenLanguage, isLanguage, keepLanguage, type LanguageCode } from "@/text/language";

/** Texts in constants of modules stay as they were read, so the page begins again; nothing typed is lost by that. */
function show(code: LanguageCode | null): void {
  keepLanguage(code);
  window.location.reload();
}

export function useLanguageChoice() {
  const cache = useQueryClient();
  return useCallback(
    async (code: LanguageCode | null) => {
      const before = await cache.ensureQueryData(preferencesQuery).catch(() => null);
      // without the server the choice holds on this device
      if (before) await savePreferences({ ...before, language: code }).catch(() => undefined);
      show(code);
    },
    [cache],
  );
}

/** Follow what the person chose on another device. */
export function useChosenLanguage(): void {
  const chosen = useQuery(preferencesQuery).data?.language;
  useEffect(() => {
    if (chosen && isLanguage(chosen) && chosen !== chosenLanguage()) show(chosen);
  }, [chosen]);
}
