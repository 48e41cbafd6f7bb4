/** Answers on their way to the server: kept in the browser until it has them, sent again until it does. */

import type { CountDecision } from "@/api/codes";

import type { Answer, DatasetRef, Gold } from "./model";

/** One answer to send. A later one for the same record takes its place. */
export interface PendingAnswer {
  readonly key: string;
  readonly user: string;
  readonly dataset: DatasetRef;
  readonly id: string;
  readonly answer: Answer;
  /** The texts it was given on, since positions mean nothing on others. */
  readonly content: string;
  /** The record's answer as it was when this one was given. */
  readonly seen: string;
  readonly at: number;
  /** The lease it was given under, and the seconds it took. */
  readonly token?: string | null;
  readonly seconds?: number | null;
  /** In which visit of the page these seconds were counted; what was spent before it comes on top. */
  readonly visit?: string | null;
  /** Earlier answers that were sent without a reply: each may still arrive, from a tab that is closed by now, too. */
  readonly sent?: readonly Answer[];
}

/** Reply of the server to an answer it took: why it does not count, and what the record stands by. */
export interface AnswerNote {
  readonly why: CountDecision | null;
  readonly gold: Gold | null;
}

export interface NotedAnswer extends AnswerNote {
  readonly dataset: DatasetRef;
  readonly id: string;
}

/** An answer that was given or arrived at a mark; null where the server has it otherwise since. */
export interface AnswerChange {
  readonly mark: number;
  readonly answer: Answer | null;
}

/** Store of the answers to send. */
export interface PendingAnswerStore {
  all(): Promise<PendingAnswer[]>;
  put(pending: PendingAnswer): Promise<void>;
  remove(key: string): Promise<void>;
}

export type Outcome =
  | { kind: "saved"; seen: string; note?: AnswerNote }
  | { kind: "offline" }
  | { kind: "signed-out" }
  | { kind: "conflict"; author: string | null; seen: string; reason: "answered" | "changed" }
  | { kind: "conflict"; author: string | null; seen: string; reason: "elsewhere"; current: Answer }
  | { kind: "gone" }
  | { kind: "refused"; message: string };

export interface Problem {
  readonly pending: PendingAnswer;
  readonly outcome: Extract<Outcome, { kind: "conflict" | "refused" | "gone" }>;
}

/** State of the outbox, as the annotator is shown it. */
export interface OutboxState {
  readonly waiting: number;
  /** Drafts that were changed a moment ago and are not saved yet. */
  readonly unsaved: number;
  readonly sending: boolean;
  readonly offline: boolean;
  readonly signedOut: boolean;
  readonly savedAt: number | null;
  readonly problems: readonly Problem[];
  /** The newest answer that does not count, or that was settled already. */
  readonly noted: NotedAnswer | null;
}

/** Nobody waits longer than this for answers to arrive. */
const LONGEST_MS = 5_000;
const PAUSES = [1_000, 2_000, 5_000, 10_000, 30_000];
/** So many earlier answers without a reply are remembered of one record. */
const MOST_SENT = 20;

export class Outbox {
  private readonly unsent = new Map<string, PendingAnswer>();
  private readonly problems = new Map<string, Problem>();
  private readonly seen = new Map<string, string>();
  private readonly held = new Set<string>();
  private readonly changes = new Map<string, AnswerChange>();
  private marks = 0;
  /** Answers that may have arrived, as far as is known here. */
  private readonly unheard = new WeakSet<PendingAnswer>();
  private readonly listeners = new Set<() => void>();
  private busy = false;
  private failures = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private offline = false;
  private signedOut = false;
  private closed = false;
  private savedAt: number | null = null;
  private unsaved = 0;
  private readonly notes = new Map<string, NotedAnswer>();
  private noted: NotedAnswer | null = null;
  /** Stays the same list as long as nothing in it changes. */
  private listed: readonly Problem[] = [];
  private snapshot: OutboxState | null = null;
  private markOpened: () => void = () => undefined;
  private readonly opened = new Promise<void>((resolve) => { this.markOpened = resolve; });

  constructor(
    readonly user: string,
    private readonly store: PendingAnswerStore,
    private readonly send: (pending: PendingAnswer) => Promise<Outcome>,
    private readonly clock: () => number = Date.now,
  ) {}

  /** Takes up what an earlier visit left, and sends it. */
  async open(): Promise<void> {
    this.closed = false;
    try {
      for (const pending of await this.store.all()) {
        if (pending.user !== this.user || this.unsent.has(pending.key)) continue;
        this.unsent.set(pending.key, pending);
        this.unheard.add(pending); // the visit that kept it may have sent it
      }
    } finally {
      this.notify();
      void this.flush();
      this.markOpened();
    }
  }

  /** Settles once what waits has arrived, what an earlier visit left included; or cannot arrive now, or takes too long. */
  async idle(): Promise<void> {
    await this.opened;
    const over = () => !this.next() || this.offline || this.signedOut || this.closed;
    if (over()) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const timer = setTimeout(end, LONGEST_MS);
      const stop = this.subscribe(() => { if (over()) end(); });
    });
  }

  /** Sends nothing any more, until it is opened again; what waits stays kept. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /** Keeps the answer and sends it as soon as possible. */
  async post(pending: Omit<PendingAnswer, "key" | "user" | "at" | "sent">): Promise<void> {
    const key = keyOf(this.user, pending.dataset, pending.id);
    const waiting = this.unsent.get(key);
    const full: PendingAnswer = {
      ...pending,
      key,
      user: this.user,
      at: this.clock(),
      seen: waiting?.seen ?? newest(this.seen.get(key), pending.seen),
      sent: waiting ? this.sentBefore(waiting) : [],
    };
    this.unsent.set(key, full);
    this.noteChange(key, full.answer);
    this.problems.delete(key);
    this.notify();
    const kept = this.store.put(full);
    void this.flush(); // a store that is slow or full holds nothing up
    await kept;
  }

  /** So many drafts have been changed and are not saved yet. */
  noteUnsaved(count: number): void {
    if (count === this.unsaved) return;
    this.unsaved = count;
    this.notify();
  }

  /** The server was seen to have this, in another way than by sending an answer. */
  noteSeen(dataset: DatasetRef, id: string, seen: string): void {
    const key = keyOf(this.user, dataset, id);
    this.seen.set(key, seen);
    this.noteChange(key, null);
  }

  /** Marks this moment, for `changedSince`. */
  mark(): number {
    return this.marks;
  }

  /** The last answer to this record that was given, or has arrived, since a moment that was marked. */
  changedSince(mark: number, dataset: DatasetRef, id: string): AnswerChange | undefined {
    const change = this.changes.get(keyOf(this.user, dataset, id));
    return change && change.mark > mark ? change : undefined;
  }

  private noteChange(key: string, answer: Answer | null): void {
    this.changes.set(key, { mark: ++this.marks, answer });
  }

  /** Sends no answer to this record until the function returned is called: what it builds on is being changed. */
  holdBack(dataset: DatasetRef, id: string): () => void {
    const key = keyOf(this.user, dataset, id);
    this.held.add(key);
    return () => {
      this.held.delete(key);
      void this.flush();
    };
  }

  /** The server has changed answers by itself: what was met before is no longer what is there. */
  forgetSeen(dataset: DatasetRef): void {
    for (const key of [...this.seen.keys()]) {
      const [, workspace, name] = JSON.parse(key) as string[];
      if (workspace === dataset.workspace && name === dataset.name && !this.unsent.has(key)) this.seen.delete(key);
    }
  }

  /** Reply of the server to the last answer to this record. */
  noteOn(dataset: DatasetRef, id: string): NotedAnswer | undefined {
    return this.notes.get(keyOf(this.user, dataset, id));
  }

  /** The answer that waits for this record, if one does. */
  waitingFor(dataset: DatasetRef, id: string): PendingAnswer | undefined {
    return this.unsent.get(keyOf(this.user, dataset, id));
  }

  /** Drop the last note, which has been read. */
  dismiss(): void {
    this.noted = null;
    this.notify();
  }

  /** Sends what waits, one after the other; tries again later what did not arrive. */
  async flush(): Promise<void> {
    if (this.busy || this.closed) return;
    this.busy = true;
    clearTimeout(this.timer);
    this.notify();
    try {
      for (let next = this.next(); next && !this.closed; next = this.next()) {
        if (!(await this.deliver(next))) break;
      }
    } finally {
      this.busy = false;
      this.notify();
    }
    if (this.next() && !this.signedOut && !this.closed) this.later();
  }

  /** Sends an answer although the server has another one now. */
  async sendAnyway(key: string): Promise<void> {
    const problem = this.problems.get(key);
    if (!problem || problem.outcome.kind !== "conflict") return;
    const pending = { ...problem.pending, seen: problem.outcome.seen };
    this.seen.set(key, problem.outcome.seen);
    this.problems.delete(key);
    this.unsent.set(key, pending);
    await this.store.put(pending);
    await this.flush();
  }

  /** Gives an answer up. */
  async drop(key: string): Promise<void> {
    this.problems.delete(key);
    this.unsent.delete(key);
    this.notify();
    await this.store.remove(key);
  }

  /** After signing in again, or when the network is back. */
  resume(): void {
    this.signedOut = false;
    this.failures = 0;
    void this.flush();
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  state(): OutboxState {
    const problems = [...this.problems.values()];
    const same = problems.length === this.listed.length && problems.every((each, at) => each === this.listed[at]);
    if (!same) this.listed = problems;
    this.snapshot ??= {
      waiting: this.unsent.size,
      unsaved: this.unsaved,
      sending: this.busy && this.unsent.size > 0,
      offline: this.offline,
      signedOut: this.signedOut,
      savedAt: this.savedAt,
      problems: this.listed,
      noted: this.noted,
    };
    return this.snapshot;
  }

  private next(): PendingAnswer | undefined {
    for (const pending of this.unsent.values()) if (!this.problems.has(pending.key) && !this.held.has(pending.key)) return pending;
    return undefined;
  }

  /** Answers sent without a reply, up to this one. */
  private sentBefore(waiting: PendingAnswer): readonly Answer[] {
    const { sent = [], answer } = waiting;
    return this.unheard.has(waiting) ? [...sent, answer].slice(-MOST_SENT) : sent;
  }

  /** Returns whether it makes sense to go on with the next. */
  private async deliver(pending: PendingAnswer): Promise<boolean> {
    this.unheard.add(pending);
    const outcome = await this.send({ ...pending, seen: newest(this.seen.get(pending.key), pending.seen) });
    this.offline = outcome.kind === "offline";
    this.signedOut = outcome.kind === "signed-out";
    if (outcome.kind === "offline" || outcome.kind === "signed-out") {
      this.failures++;
      return false;
    }
    this.failures = 0;
    this.unheard.delete(pending);
    if (outcome.kind === "saved") {
      this.seen.set(pending.key, outcome.seen);
      this.noteChange(pending.key, (this.unsent.get(pending.key) ?? pending).answer);
      this.savedAt = this.clock();
      this.noteAnswer(pending, outcome.note);
      const waiting = this.unsent.get(pending.key);
      if (waiting === pending) {
        this.unsent.delete(pending.key);
        await this.store.remove(pending.key);
      } else if (waiting) {
        this.unsent.set(pending.key, { ...waiting, sent: [] }); // no earlier one can arrive any more
      }
    } else if (this.unsent.get(pending.key) === pending) {
      this.problems.set(pending.key, { pending, outcome });
    }
    this.notify();
    return true;
  }

  private noteAnswer({ key, dataset, id }: PendingAnswer, note: AnswerNote | undefined): void {
    this.notes.delete(key);
    if (this.noted && keyOf(this.user, this.noted.dataset, this.noted.id) === key) this.noted = null;
    if (!note || (note.why === null && !note.gold)) return;
    const noted = { ...note, dataset, id };
    this.notes.set(key, noted);
    if (note.why !== null) this.noted = noted;
  }

  private later(): void {
    const pause = PAUSES[Math.min(this.failures, PAUSES.length) - 1] ?? PAUSES[0];
    this.timer = setTimeout(() => void this.flush(), pause);
  }

  private notify(): void {
    this.snapshot = null;
    this.listeners.forEach((each) => each());
  }
}

export function keyOf(user: string, dataset: DatasetRef, id: string): string {
  const uuid = dataset.individual?.uuid;
  return JSON.stringify([user, dataset.workspace, dataset.name, id, ...(uuid ? [uuid] : [])]);
}

/** One's own annotation is known by its version. */
export const seenVersion = (version: number) => `v${String(version)}`;

export function versionSeen(seen: string): number | null {
  return /^v\d+$/.test(seen) ? Number(seen.slice(1)) : null;
}

/** Version seen last: of two versions the higher one, else what this outbox itself has met. */
function newest(met: string | undefined, sent: string): string {
  if (met === undefined) return sent;
  const [metVersion, sentVersion] = [versionSeen(met), versionSeen(sent)];
  return metVersion !== null && sentVersion !== null && sentVersion > metVersion ? sent : met;
}
