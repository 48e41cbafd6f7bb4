/**
 * Answers to send, written at once into a journal in front of their store: the store takes a moment, and the page may be
 * gone by then, reloaded or closed right after the answer was given.
 */

import { browserStorage, type SyncStorage } from "./draft-journal";
import type { PendingAnswer, PendingAnswerStore } from "./outbox";

const PREFIX = "apportion.answer ";

export class JournaledAnswers implements PendingAnswerStore {
  /** `storage` is null where the browser keeps nothing. */
  constructor(
    private readonly behind: PendingAnswerStore,
    private readonly storage: SyncStorage | null = browserStorage(),
  ) {}

  /** Answers of both; of two for the same record the later one. */
  async all(): Promise<PendingAnswer[]> {
    const found = new Map((await this.behind.all()).map((each) => [each.key, each]));
    for (const each of this.journaled()) if (each.at >= (found.get(each.key)?.at ?? 0)) found.set(each.key, each);
    return [...found.values()];
  }

  async put(pending: PendingAnswer): Promise<void> {
    const name = PREFIX + pending.key;
    const entry = JSON.stringify(pending);
    try {
      this.storage?.setItem(name, entry);
    } catch {
      // full: this one is kept by the store alone, a moment later
    }
    await this.behind.put(pending);
    if (this.storage?.getItem(name) === entry) this.storage.removeItem(name); // not a later one
  }

  async remove(key: string): Promise<void> {
    this.storage?.removeItem(PREFIX + key);
    await this.behind.remove(key);
  }

  private journaled(): PendingAnswer[] {
    const names = Array.from({ length: this.storage?.length ?? 0 }, (_, at) => this.storage?.key(at) ?? "");
    return names.filter((each) => each.startsWith(PREFIX)).flatMap((each) => {
      try {
        return [JSON.parse(this.storage?.getItem(each) ?? "") as PendingAnswer];
      } catch {
        return []; // taken out by another tab just now, or not written by us
      }
    });
  }
}
