/** Brings a file in: everything is checked before anything is stored, and both go a batch at a time. */

import { type Column, completed, labelsOf } from "./columns";
import { batches, type Fault, type NumberedRow, type Row, type Source } from "./file-rows";

export interface RowError {
  readonly row: number;
  /** Line of the file that people find the row at. */
  readonly line: number;
  readonly column: string | null;
  readonly message: string;
}

export interface CheckedFile {
  readonly good: number;
  readonly leftOut: number;
  /** The first of those left out, in the order of the file. */
  readonly wrong: readonly RowError[];
  readonly bad: ReadonlySet<number>;
  readonly labels: readonly string[];
}

export interface Progress {
  readonly share: number;
  readonly rows: number;
}

interface Answer {
  readonly records: number;
  readonly errors: readonly { readonly row: number; readonly column: string | null; readonly message: string }[];
  readonly left_out: number;
}

export interface Job {
  readonly source: Source;
  readonly columns: readonly Column[];
  /** Beginning of ids made here; the same for every try, so that no record comes in twice. */
  readonly prefix: string;
  readonly send: (rows: readonly Row[], dryRun: boolean) => Promise<Answer>;
  readonly onProgress: (progress: Progress) => void;
  readonly signal: AbortSignal;
  readonly duplicate: (id: string, line: number) => string;
  readonly unread: (fault: Fault) => string;
}

/** Stored in one transaction, so small enough that nobody annotating waits; and few enough errors to be told all of them. */
const AT_ONCE = 500;
const SHOWN = 100;
const MOST_LABELS = 2_000;

/** Looks at every row; nothing is stored. */
export async function checkFile(job: Job): Promise<CheckedFile> {
  const wrong: RowError[] = [];
  const bad = new Set<number>();
  const labels = new Set<string>();
  const ids = new Map<string, number>();
  const idColumn = job.columns.find((each) => each.role === "id")?.name;
  let [good, rows] = [0, 0];
  const blame = (found: RowError) => {
    bad.add(found.row);
    wrong.push(found);
  };
  for await (const batch of batches(job.source, AT_ONCE)) {
    job.signal.throwIfAborted();
    for (const { number, line, fault } of batch.broken) blame({ row: number, line, column: null, message: job.unread(fault) });
    const fresh = batch.rows.filter(({ number, line, row }) => {
      const id = idColumn === undefined ? undefined : String(row[idColumn] ?? "");
      if (!id) return true;
      const first = ids.get(id);
      if (first === undefined) ids.set(id, line);
      else blame({ row: number, line, column: "id", message: job.duplicate(id, first) });
      return first === undefined;
    });
    for (let waiting = fresh; waiting.length; ) {
      const answer = await job.send(waiting.map((each) => ready(each, job)), true);
      const reported = new Set<number>();
      for (const each of answer.errors) {
        const { number, line } = waiting[each.row - 1] ?? { number: 0, line: 0 };
        reported.add(number);
        blame({ row: number, line, column: each.column, message: each.message });
      }
      const incomplete = answer.left_out > reported.size; // an answer names a hundred errors: ask again without those
      waiting = waiting.filter(({ number }) => !reported.has(number));
      if (incomplete && reported.size) continue;
      good += waiting.length;
      if (labels.size < MOST_LABELS) for (const { row } of waiting) for (const label of labelsOf(row, job.columns)) labels.add(label);
      break;
    }
    rows += batch.rows.length + batch.broken.length;
    job.onProgress({ share: batch.share, rows });
  }
  wrong.sort((one, other) => one.row - other.row);
  return { good, leftOut: bad.size, wrong: wrong.slice(0, SHOWN), bad, labels: [...labels] };
}

/** Stores the rows that were found good. `onProgress` counts what is stored, which stays stored if it ends early. */
export async function storeFile(job: Job, { bad }: Pick<CheckedFile, "bad">): Promise<number> {
  let stored = 0;
  for await (const batch of batches(job.source, AT_ONCE)) {
    job.signal.throwIfAborted();
    const rows = batch.rows.filter(({ number }) => !bad.has(number));
    if (rows.length) stored += (await job.send(rows.map((each) => ready(each, job)), false)).records;
    job.onProgress({ share: batch.share, rows: stored });
  }
  return stored;
}

function ready({ number, row }: NumberedRow, job: Job): Row {
  return completed(row, `${job.prefix}${String(number)}`);
}
