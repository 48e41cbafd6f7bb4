/** Records before an annotator: each record with the answer as it stands, and every step to undo. */

import { type Answer, type AnswerState, type AppRecord, sameAnswer, type Value } from "./model";

/** `now` is what the annotator sees, `saved` what counts: what was sent, or is waiting to be. */
export interface RecordEdit {
  readonly record: AppRecord;
  readonly now: Answer;
  readonly saved: Answer;
}

interface Change {
  readonly id: string;
  readonly before: RecordEdit;
  readonly after: RecordEdit;
}

interface Step {
  readonly changes: readonly Change[];
  /** Steps of typing one after the other become one. */
  readonly typing: string | null;
  readonly at: number;
}

const TYPING_MS = 1500;

export class EditSession {
  private readonly recordEdits = new Map<string, RecordEdit>();
  private readonly listeners = new Map<string, Set<() => void>>();
  private readonly anyWatchers = new Set<() => void>();
  private done: Step[] = [];
  private undone: Step[] = [];
  private version = 0;
  private made = 0;

  /** `changed` is called with every change an annotator makes, undoing included. */
  constructor(
    private readonly changed: (before: RecordEdit, after: RecordEdit) => void,
    private readonly clock: () => number = Date.now,
  ) {}

  /** Lays records down. What the annotator has changed on one and not sent stays. */
  hold(records: readonly AppRecord[], known: ReadonlyMap<string, { now: Answer; saved: Answer }> = new Map()): void {
    for (const record of records) {
      const mine = known.get(record.id);
      const before = this.recordEdits.get(record.id);
      const edited = before && !sameAnswer(before.now, before.saved);
      const next: RecordEdit = mine
        ? { record, ...mine }
        : edited
          ? { record, now: before.now, saved: record.answer }
          : { record, now: record.answer, saved: record.answer };
      this.set(next);
    }
  }

  get(id: string): RecordEdit | undefined {
    return this.recordEdits.get(id);
  }

  /** The annotator changes the value; it is a draft until it is submitted or discarded. */
  edit(id: string, value: Value, typing = false): void {
    const before = this.recordEdits.get(id);
    if (!before) return;
    const saved = before.saved;
    const back = sameAnswer({ value, state: saved.state }, saved);
    const now: Answer = back ? saved : { value, state: "draft" };
    this.addStep([{ id, before, after: { ...before, now } }], typing ? id : null);
  }

  /** Submits, discards or clears answers, each with its value as it stands or as given. */
  commit(ids: readonly string[], state: Exclude<AnswerState, "draft">, valueOf?: (edit: RecordEdit) => Value): void {
    const changes = ids.flatMap((id) => {
      const before = this.recordEdits.get(id);
      if (!before) return [];
      const { labels, spans, text } = valueOf ? valueOf(before) : before.now.value;
      // what was rejected on the way there is nobody's business once the answer is given
      const value = { ...(labels && { labels }), ...(spans && { spans }), ...(text !== undefined && { text }) };
      const answer: Answer = { value, state };
      return [{ id, before, after: { ...before, now: answer, saved: answer } }];
    });
    if (changes.length) this.addStep(changes, null);
  }

  /** Takes the last step back; returns the records it was about. */
  undo(): string[] {
    const step = this.done.pop();
    if (!step) return [];
    this.undone.push(step);
    for (const { before, after } of step.changes) this.move(after, before);
    return step.changes.map((each) => each.id);
  }

  redo(): string[] {
    const step = this.undone.pop();
    if (!step) return [];
    this.done.push(step);
    for (const { before, after } of step.changes) this.move(before, after);
    return step.changes.map((each) => each.id);
  }

  canUndo(): boolean {
    return this.done.length > 0;
  }

  /** Grows with every change of the annotator, undoing included. */
  changes(): number {
    return this.made;
  }

  /** Number of steps to undo. */
  steps(): number {
    return this.done.length;
  }

  /** The server has it otherwise, for instance because somebody else's answer was kept. */
  replace(record: AppRecord): void {
    this.set({ record, now: record.answer, saved: record.answer });
  }

  /** The server has it otherwise since `before`; what the annotator has changed meanwhile stays, on top of that. */
  rebase(before: RecordEdit, record: AppRecord): void {
    const current = this.recordEdits.get(record.id);
    if (!current || current.now === before.now) this.replace(record);
    else this.set({ record, now: current.now, saved: sameAnswer(current.now, current.saved) ? current.saved : record.answer });
  }

  subscribe(id: string, listener: () => void): () => void {
    const all = this.listeners.get(id) ?? new Set();
    this.listeners.set(id, all.add(listener));
    return () => all.delete(listener);
  }

  subscribeAll(listener: () => void): () => void {
    this.anyWatchers.add(listener);
    return () => this.anyWatchers.delete(listener);
  }

  /** Grows with every change. */
  edition(): number {
    return this.version;
  }

  private addStep(changes: readonly Change[], typing: string | null): void {
    const at = this.clock();
    const last = this.done.at(-1);
    if (typing && last?.typing === typing && at - last.at < TYPING_MS) {
      const merged = changes.map((each, n) => ({ ...each, before: last.changes[n]?.before ?? each.before }));
      this.done[this.done.length - 1] = { changes: merged, typing, at };
    } else {
      this.done.push({ changes, typing, at });
    }
    this.undone = [];
    for (const { before, after } of changes) this.move(before, after);
  }

  /** Records may have been read anew since the step was taken: the answer moves, the record stays. */
  private move(from: RecordEdit, to: RecordEdit): void {
    const current = this.recordEdits.get(to.record.id) ?? from;
    const after = { record: current.record, now: to.now, saved: to.saved };
    this.made++;
    this.set(after);
    this.changed(current, after);
  }

  private set(edit: RecordEdit): void {
    this.recordEdits.set(edit.record.id, edit);
    this.version++;
    this.listeners.get(edit.record.id)?.forEach((each) => each());
    this.anyWatchers.forEach((each) => each());
  }
}
