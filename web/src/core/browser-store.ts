/** Store in the browser: answers not yet sent, and drafts. Falls back to memory where it may not. */

import { type DBSchema, type IDBPDatabase, openDB } from "idb";

import type { PendingAnswer, PendingAnswerStore } from "./outbox";
import type { Answer } from "./model";

export interface Draft {
  readonly key: string;
  readonly answer: Answer;
  readonly content: string;
  readonly at: number;
}

/** Browsers hold unsent answers under this name: another one would lose them. */
const UNSENT = "letters";

interface Schema extends DBSchema {
  [UNSENT]: { key: string; value: PendingAnswer };
  drafts: { key: string; value: Draft };
}

let opened: Promise<IDBPDatabase<Schema> | null> | undefined;

async function open(): Promise<IDBPDatabase<Schema>> {
  return openDB<Schema>("apportion", 1, {
    upgrade(db) {
      db.createObjectStore(UNSENT, { keyPath: "key" });
      db.createObjectStore("drafts", { keyPath: "key" });
    },
  });
}

function database(): Promise<IDBPDatabase<Schema> | null> {
  // async, since a browser without IndexedDB throws at once
  opened ??= open().catch(() => null);
  return opened;
}

const memory = { unsent: new Map<string, PendingAnswer>(), drafts: new Map<string, Draft>() };

export const pendingAnswerStore: PendingAnswerStore = {
  all: async () => (await (await database())?.getAll(UNSENT)) ?? [...memory.unsent.values()],
  put: async (pending) => {
    const db = await database();
    if (db) await db.put(UNSENT, pending);
    else memory.unsent.set(pending.key, pending);
  },
  remove: async (key) => {
    const db = await database();
    if (db) await db.delete(UNSENT, key);
    else memory.unsent.delete(key);
  },
};

export const draftStore = {
  get: async (keys: readonly string[]): Promise<Draft[]> => {
    const db = await database();
    const found = db
      ? await Promise.all(keys.map((key) => db.get("drafts", key)))
      : keys.map((key) => memory.drafts.get(key));
    return found.filter((each) => each !== undefined);
  },
  put: async (draft: Draft): Promise<void> => {
    const db = await database();
    if (db) await db.put("drafts", draft);
    else memory.drafts.set(draft.key, draft);
  },
  remove: async (key: string): Promise<void> => {
    const db = await database();
    if (db) await db.delete("drafts", key);
    else memory.drafts.delete(key);
  },
};
