/** Where answers go that are not finished: to the server where they are one's own, else into this browser. */

import { contentOf } from "@/api/annotations";
import { draftStore } from "@/core/browser-store";
import type { RecordEdit } from "@/core/edit-session";
import { type AppRecord, type DatasetRef, sameAnswer, type Span } from "@/core/model";
import { keyOf } from "@/core/outbox";

const DRAFT_MS = 500;

/** Under which what was rejected of a record is kept, beside a draft that the server has. */
const rejectedKey = (key: string) => `${key} rejected`;

/** What was rejected of records whose answer is still open, by record; what was kept of others is dropped. */
export async function rejectedOf(byKey: ReadonlyMap<string, AppRecord>): Promise<Map<string, readonly Span[]>> {
  const found = new Map<string, readonly Span[]>();
  for (const { key, answer, content } of await draftStore.get([...byKey.keys()].map(rejectedKey))) {
    const record = byKey.get(key.slice(0, -rejectedKey("").length));
    if (!record) continue;
    const open = record.answer.state === "none" || record.answer.state === "draft";
    if (open && content === contentOf(record)) found.set(record.id, answer.value.rejected ?? []);
    else void draftStore.remove(key); // answered on another device, or the text is another by now
  }
  return found;
}

/** Keeps what is being worked on, half a second after the last change. */
export class DraftKeeper {
  private readonly timers = new Map<string, { timer: ReturnType<typeof setTimeout>; run: () => void }>();
  private readonly sent = new Set<string>();

  /** `send` takes drafts to the server. */
  constructor(
    private readonly user: string,
    private readonly dataset: DatasetRef,
    private readonly send: (edit: RecordEdit) => void,
  ) {}

  keep(edit: RecordEdit): void {
    const { id } = edit.record;
    const same = sameAnswer(edit.now, edit.saved);
    if (this.goesToServer(edit)) {
      if (same && !this.sent.has(id)) this.stop(id);
      else this.later(id, () => { this.sent.add(id); this.send(edit); this.note(edit); });
    } else if (same) this.forget(id);
    else {
      const draft = { key: this.keyOf(id), answer: edit.now, content: contentOf(edit.record), at: Date.now() };
      this.later(id, () => void draftStore.put(draft));
    }
  }

  forget(id: string): void {
    this.stop(id);
    this.sent.delete(id);
    void draftStore.remove(this.keyOf(id));
    void draftStore.remove(rejectedKey(this.keyOf(id)));
  }

  /** Does at once what was put off; the page may be about to close. */
  flush(): void {
    for (const [id, { timer, run }] of [...this.timers]) {
      clearTimeout(timer);
      this.timers.delete(id);
      run();
    }
  }

  /** In a shared dataset a draft of mine must not take the place of what others see; nor one's own of a given answer. */
  private goesToServer({ saved }: RecordEdit): boolean {
    return this.dataset.individual !== undefined && (saved.state === "none" || saved.state === "draft");
  }

  /** The server has no place for what was rejected, which is nobody else's business either: this browser keeps it. */
  private note({ record, now }: RecordEdit): void {
    const key = rejectedKey(this.keyOf(record.id));
    const { rejected } = now.value;
    if (!rejected?.length) void draftStore.remove(key);
    else void draftStore.put({ key, answer: { value: { rejected }, state: "draft" }, content: contentOf(record), at: Date.now() });
  }

  private later(id: string, run: () => void): void {
    this.stop(id);
    const timer = setTimeout(() => {
      this.timers.delete(id);
      run();
    }, DRAFT_MS);
    this.timers.set(id, { timer, run });
  }

  private stop(id: string): void {
    clearTimeout(this.timers.get(id)?.timer);
    this.timers.delete(id);
  }

  private keyOf(id: string): string {
    return keyOf(this.user, this.dataset, id);
  }
}
