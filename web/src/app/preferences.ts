/** Preferences of a person, and changing them: shown at once, remembered for them on every device. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import { type Preferences, preferencesQuery, savePreferences } from "@/api/session";

const NONE: Preferences = {};

export function usePreferences() {
  const cache = useQueryClient();
  const { data } = useQuery(preferencesQuery);
  const change = useCallback(
    (part: Preferences) => {
      const put = (before: Preferences) => {
        const next = { ...before, ...part };
        cache.setQueryData(preferencesQuery.queryKey, next);
        return savePreferences(next);
      };
      const known = cache.getQueryData<Preferences>(preferencesQuery.queryKey);
      // what else was chosen must be known first, since all of it is written
      const saved = known ? put(known) : cache.fetchQuery(preferencesQuery).then(put);
      saved.catch(() => undefined); // a matter of taste; what was chosen holds on this page
    },
    [cache],
  );
  return [data ?? NONE, change] as const;
}
