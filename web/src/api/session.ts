/** User who is signed in, and their preferences. */

import { queryOptions } from "@tanstack/react-query";

import { ANYBODY, ApiError, ask, base, client, pageIsOf } from "./client";
import type { components } from "./schema";

export type Me = components["schemas"]["Me"];

/** Screens remember these for a person on every device. */
export interface Preferences {
  scheme?: "light" | "dark" | "auto";
  /** The language of the app, if not the browser's. */
  language?: string | null;
  /** Go on to the next record as soon as a single label is chosen. */
  goOn?: boolean;
  textSize?: "normal" | "large" | "larger";
  sidebar?: boolean;
  /** Width of the lines of a text, and spacing of records in a list. */
  lineWidth?: "narrow" | "normal" | "full";
  density?: "comfortable" | "compact";
  /** Predictions are shown on demand only. */
  hidePredictions?: boolean;
  /** Keys chosen for actions of the annotation screen. */
  keys?: Record<string, string[]>;
  /** The version of the guidelines that was read last, by dataset. */
  guidelinesRead?: Record<string, number>;
  /** Reasons this person gave lately when settling conflicts. */
  reasons?: string[];
  /** Up to when decisions about this person's answers were looked at, by dataset. */
  feedbackSeen?: Record<string, string>;
}

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: async () => {
    const me = await ask(client.GET("/api/me"));
    pageIsOf(me.username);
    return me;
  },
  staleTime: 5 * 60_000,
  retry: false,
});

export const preferencesQuery = queryOptions({
  queryKey: ["me", "preferences"],
  queryFn: async () => (await ask(client.GET("/api/me/preferences"))) as Preferences,
  staleTime: Infinity,
});

export const infoQuery = queryOptions({
  queryKey: ["info"],
  queryFn: () => ask(client.GET("/api/_info")),
  staleTime: Infinity,
});

/** User whose session the browser has now, whoever this page is of; null for nobody's. */
export async function whoIsHere(): Promise<Me | null> {
  try {
    return await ask(client.GET("/api/me", { headers: ANYBODY }));
  } catch (failure) {
    if (failure instanceof ApiError && failure.status === 401) return null;
    throw failure;
  }
}

export async function signIn(username: string, password: string): Promise<Me> {
  const me = await ask(client.POST("/api/session", { body: { username, password } }));
  sessionBegan(me.username);
  return me;
}

/** The browser's session is somebody's now who signed in on this page, or was made here. */
export function sessionBegan(username: string): void {
  pageIsOf(username);
  tellOtherWindows();
}

export async function signOut(): Promise<void> {
  await ask(client.DELETE("/api/session"));
  pageIsOf(null);
  tellOtherWindows();
}

const CHANNEL = `apportion:${base}:session`;

function tellOtherWindows(): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage("changed");
  channel.close();
}

/** Calls `onChange` when somebody signs in or out in another window of this browser. */
export function subscribeToSession(onChange: () => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = onChange;
  return () => { channel.close(); };
}

export async function savePreferences(preferences: Preferences): Promise<Preferences> {
  return (await ask(client.PUT("/api/me/preferences", { body: preferences as Record<string, never>, keepalive: true }))) as Preferences;
}

export async function changePassword(current: string, fresh: string): Promise<void> {
  await ask(client.PUT("/api/me/password", { body: { current, new: fresh } }));
}

export function resetKey(id: string): Promise<{ api_key?: string | null; key_prefix?: string | null }> {
  return ask(client.POST("/api/users/{id}:reset_key", { params: { path: { id } } }));
}
