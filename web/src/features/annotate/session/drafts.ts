/** Storage of answers that are not finished: on the server where they are one's own, else into this browser. */

import { draftStore } from "@/core/browser-store";
import { draftJournal, type DraftJournal } from "@/core/draft-journal";
import type { RecordEdit } from "@/core/edit-session";
import { type Answer, type AppRecord, contentOf, type DatasetRef, sameAnswer, type Span } from "@/core/model";
import { keyOf } from "@/core/outbox";

const DRAFT_MS = 500;
/** Whoever types without a pause has a draft saved this long after its first change. */
const LATEST_MS = 1000;

/** Under which what was rejected of a record is kept, beside a draft that the server has. */
const rejectedKey = (key: string) => `${key} rejected`;

/** Rejected predictions of records whose answer is still open, by record; what was kept of others is dropped. */
export async function rejectedOf(byKey: ReadonlyMap<string, AppRecord>): Promise<Map<string, readonly Span[]>> {
  const found = new Map<string, readonly Span[]>();
  for (const { key, answer, content } of await draftStore.get([...byKey.keys()].map(rejectedKey))) {
    const record = byKey.get(key.slice(0, -rejectedKey("").length));
    if (!record) continue;
    if (isOpen(record.answer) && content === contentOf(record)) found.set(record.id, answer.value.rejected ?? []);
    else void draftStore.remove(key); // answered on another device, or the text is another by now
  }
  return found;
}

interface PutOff {
  readonly timer: ReturnType<typeof setTimeout>;
  readonly since: number;
  readonly run: () => void;
}

export interface DraftKeeping {
  /** Takes a draft to the server, by way of the outbox; settles once that keeps it. */
  readonly send: (edit: RecordEdit) => Promise<void>;
  /** The number of drafts that only the journal has. */
  readonly onUnsaved?: (count: number) => void;
  readonly journal?: DraftJournal;
  readonly clock?: () => number;
}

/** Keeps what is being worked on: in the journal at once, in its store half a second after the last change. */
export class DraftKeeper {
  private readonly putOff = new Map<string, PutOff>();
  private readonly sent = new Set<string>();
  private readonly unsaved = new Set<string>();
  private readonly journal: DraftJournal;
  private readonly clock: () => number;

  constructor(
    private readonly user: string,
    private readonly dataset: DatasetRef,
    private readonly keeping: DraftKeeping,
  ) {
    this.journal = keeping.journal ?? draftJournal();
    this.clock = keeping.clock ?? Date.now;
  }

  keep(edit: RecordEdit): void {
    const { id } = edit.record;
    const key = this.keyOf(id);
    const same = sameAnswer(edit.now, edit.saved);
    const toServer = this.goesToServer(edit);
    if (same && !(toServer && this.sent.has(id))) {
      if (toServer) this.drop(id);
      else this.forget(id);
      return;
    }
    const content = contentOf(edit.record);
    const at = this.journal.put({ key, answer: edit.now, content, given: !isOpen(edit.saved) });
    this.mark(id, true);
    this.later(id, async () => {
      if (toServer) {
        this.sent.add(id);
        await Promise.all([this.keeping.send(edit), this.note(edit)]);
      } else await draftStore.put({ key, answer: edit.now, content, at });
      this.journal.remove(key, at);
      if (!this.putOff.has(id)) this.mark(id, false);
    });
  }

  /** Answer that an earlier visit had put into the journal only, of a record as it is now. */
  recovered(record: AppRecord): Answer | null {
    const key = this.keyOf(record.id);
    const entry = this.journal.get(key);
    if (!entry) return null;
    // made on another text, or answered elsewhere since
    if (entry.content === contentOf(record) && entry.given === !isOpen(record.answer)) return entry.answer;
    this.journal.remove(key);
    return null;
  }

  forget(id: string): void {
    this.drop(id);
    this.sent.delete(id);
    void draftStore.remove(this.keyOf(id));
    void draftStore.remove(rejectedKey(this.keyOf(id)));
  }

  /** Does at once what was put off; the page may be about to close. */
  flush(): void {
    for (const [id, { timer, run }] of [...this.putOff]) {
      clearTimeout(timer);
      this.putOff.delete(id);
      run();
    }
  }

  /** In a shared dataset a draft of mine must not take the place of what others see; nor one's own of a given answer. */
  private goesToServer({ saved }: RecordEdit): boolean {
    return this.dataset.individual !== undefined && isOpen(saved);
  }

  /** The server has no place for what was rejected, which is nobody else's business either: this browser keeps it. */
  private async note({ record, now }: RecordEdit): Promise<void> {
    const key = rejectedKey(this.keyOf(record.id));
    const { rejected } = now.value;
    if (!rejected?.length) await draftStore.remove(key);
    else await draftStore.put({ key, answer: { value: { rejected }, state: "draft" }, content: contentOf(record), at: Date.now() });
  }

  private later(id: string, save: () => Promise<void>): void {
    const now = this.clock();
    const since = this.putOff.get(id)?.since ?? now;
    clearTimeout(this.putOff.get(id)?.timer);
    const run = () => {
      this.putOff.delete(id);
      void save();
    };
    const timer = setTimeout(run, Math.max(0, Math.min(DRAFT_MS, since + LATEST_MS - now)));
    this.putOff.set(id, { timer, since, run });
  }

  private drop(id: string): void {
    clearTimeout(this.putOff.get(id)?.timer);
    this.putOff.delete(id);
    this.journal.remove(this.keyOf(id));
    this.mark(id, false);
  }

  private mark(id: string, unsaved: boolean): void {
    if (unsaved === this.unsaved.has(id)) return;
    if (unsaved) this.unsaved.add(id);
    else this.unsaved.delete(id);
    this.keeping.onUnsaved?.(this.unsaved.size);
  }

  private keyOf(id: string): string {
    return keyOf(this.user, this.dataset, id);
  }
}

const isOpen = (answer: Answer) => answer.state === "none" || answer.state === "draft";
