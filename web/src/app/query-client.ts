/** The cache of everything read from the server. Whoever meets the end of the session says so here. */

import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";

import { ApiError, OfflineError, wording } from "@/api/client";
import { t } from "@/text/en";
import { translated } from "@/text/translated";

Object.assign(wording, {
  unreachable: () => (navigator.onLine ? t.server.unreachable : t.server.offline),
  unavailable: () => t.server.unavailable,
  answered: (status) => t.server.answered(status),
  missing: (kind, name) => t.server.missing(kind, name),
  translated,
} satisfies typeof wording);

type Listener = () => void;
const listeners = new Set<Listener>();

/** Is told when the server no longer knows who is asking. */
export function onSessionEnd(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function sessionEnded(): void {
  listeners.forEach((each) => each());
}

/** Has somebody else signed in in this browser since? */
function sessionChanged(failure: unknown): boolean {
  return failure instanceof ApiError && failure.code === "SessionChangedError";
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (failure, query) => {
      if (sessionChanged(failure)) sessionEnded();
      else if (failure instanceof ApiError && failure.status === 401 && query.queryKey[0] !== "me") sessionEnded();
    },
  }),
  mutationCache: new MutationCache({
    onError: (failure) => {
      if (sessionChanged(failure)) sessionEnded();
    },
  }),
  defaultOptions: {
    queries: {
      retry: (count, failure) => failure instanceof OfflineError && count < 2,
      refetchOnWindowFocus: false,
      networkMode: "always", // the server may be on this machine
    },
    mutations: { networkMode: "always" },
  },
});
