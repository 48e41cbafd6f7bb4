/** The reasons a reviewer gave lately, on every device of theirs. */

import { useQuery, useQueryClient } from "@tanstack/react-query";

import { preferencesQuery, savePreferences } from "@/api/session";

const KEPT = 5;

export function useReasons(): { known: readonly string[]; remember: (reason: string) => void } {
  const cache = useQueryClient();
  const { data } = useQuery(preferencesQuery);
  const known = data?.reasons ?? [];
  return {
    known,
    remember: (reason) => {
      if (known[0] === reason || reason.length > 80) return;
      const changed = { ...data, reasons: [reason, ...known.filter((each) => each !== reason)].slice(0, KEPT) };
      cache.setQueryData(preferencesQuery.queryKey, changed);
      savePreferences(changed).catch(() => undefined); // a convenience; the reason itself is saved with the decision
    },
  };
}
