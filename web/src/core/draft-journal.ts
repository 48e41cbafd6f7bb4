/**
 * Drafts of the last moments, written at once with every change. The stores behind it take a while, and the page may
 * be gone by then; what they have is taken out of here again.
 */

import type { Answer } from "./model";

export interface JournalEntry {
  readonly key: string;
  readonly answer: Answer;
  /** The text it was made on. */
  readonly content: string;
  /** True if the answer it changes had been given already. */
  readonly given: boolean;
  /** Reason of a reviewer's decision. */
  readonly reason?: string;
  /** Grows with every change, so that nobody removes a later one than they have kept. */
  readonly at: number;
}

/** The part of `localStorage` that is needed, which stores before it returns. */
export type SyncStorage = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

const PREFIX = "apportion.draft ";

export class DraftJournal {
  private last = 0;

  /** `storage` is null where the browser keeps nothing. */
  constructor(
    private readonly storage: SyncStorage | null,
    private readonly clock: () => number = Date.now,
  ) {}

  /** Keeps a draft; returns its place in time. A browser whose storage is full keeps it only later, as before. */
  put(draft: Omit<JournalEntry, "at">): number {
    this.last = Math.max(this.clock(), this.last + 1);
    const entry: JournalEntry = { ...draft, at: this.last };
    try {
      this.storage?.setItem(PREFIX + draft.key, JSON.stringify(entry));
    } catch {
      this.remove(draft.key); // an older one would come back in its place
    }
    return this.last;
  }

  get(key: string): JournalEntry | null {
    try {
      const found = this.storage?.getItem(PREFIX + key);
      return found ? (JSON.parse(found) as JournalEntry) : null;
    } catch {
      return null;
    }
  }

  /** Takes a draft out, unless there is a later one than `upTo`. */
  remove(key: string, upTo = Infinity): void {
    const entry = this.get(key);
    if (entry && entry.at <= upTo) this.storage?.removeItem(PREFIX + key);
  }
}

/** `localStorage`, or null where the browser's settings refuse it. */
export function browserStorage(): SyncStorage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

let shared: DraftJournal | undefined;

/** The journal of this browser. */
export function draftJournal(): DraftJournal {
  shared ??= new DraftJournal(browserStorage());
  return shared;
}
