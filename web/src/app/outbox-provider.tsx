/** The one outbox of whoever is signed in, for every page. */

import { createContext, type ReactNode, useContext, useEffect, useMemo, useSyncExternalStore } from "react";

import { sendAnswer } from "@/api/annotations";
import { pendingAnswerStore } from "@/core/browser-store";
import { JournaledAnswers } from "@/core/journaled-answers";
import { Outbox, type OutboxState } from "@/core/outbox";

import { sessionEnded } from "./query-client";

const Context = createContext<Outbox | null>(null);

export function OutboxProvider({ user, children }: { user: string; children: ReactNode }) {
  const outbox = useMemo(() => new Outbox(user, new JournaledAnswers(pendingAnswerStore), sendAnswer), [user]);

  useEffect(() => {
    void outbox.open();
    const resume = () => { outbox.resume(); };
    const leaving = (event: BeforeUnloadEvent) => {
      // what waits is kept in the browser, so nothing is lost; but nobody else sees it yet
      if (outbox.state().offline && outbox.state().waiting > 0) event.preventDefault();
    };
    const stop = outbox.subscribe(() => {
      if (outbox.state().signedOut) sessionEnded();
    });
    window.addEventListener("online", resume);
    window.addEventListener("beforeunload", leaving);
    return () => {
      stop();
      outbox.close(); // whoever signs in next on this page has one of their own
      window.removeEventListener("online", resume);
      window.removeEventListener("beforeunload", leaving);
    };
  }, [outbox]);

  return <Context value={outbox}>{children}</Context>;
}

export function useOutbox(): Outbox {
  const outbox = useContext(Context);
  if (!outbox) throw new Error("There is no outbox outside the shell.");
  return outbox;
}

/** One part of the state; draws again only when that changes. */
export function useOutboxPart<Name extends keyof OutboxState>(name: Name): OutboxState[Name] {
  const outbox = useOutbox();
  return useSyncExternalStore(
    (listener) => outbox.subscribe(listener),
    () => outbox.state()[name],
  );
}

export function useOutboxState(): OutboxState {
  const outbox = useOutbox();
  return useSyncExternalStore(
    (listener) => outbox.subscribe(listener),
    () => outbox.state(),
  );
}
