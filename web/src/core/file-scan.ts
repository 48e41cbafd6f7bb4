/** Looks at every row of a file before anything is sent: how many there are, which cannot be read, what stands in each column. */

import { type Column, givesAnswer, isFilled, labelsIn, ownAnswers } from "./columns";
import { REPLACEMENT } from "./file-encoding";
import { batches, type BrokenRow, type Row, type Source } from "./file-rows";

export interface ColumnContents {
  /** Rows with a value. */
  filled: number;
  /** Values as labels; null if there are too many to be labels. */
  labels: Set<string> | null;
}

export interface Scan {
  readonly rows: number;
  readonly brokenCount: number;
  /** The first that cannot be read. */
  readonly broken: readonly BrokenRow[];
  readonly columns: ReadonlyMap<string, ColumnContents>;
  /** Rows in which a column of our own exports has an answer. */
  readonly answered: number;
  /** Rows with a sign that stands for bytes nobody could decode. */
  readonly replaced: number;
  readonly firstReplaced: number | null;
}

const AT_ONCE = 1_000;
const NAMED = 20;
const MOST_LABELS = 2_000;

export async function scan(source: Source, onProgress: (share: number, rows: number) => void, signal: AbortSignal): Promise<Scan> {
  const columns = new Map<string, ColumnContents>();
  const broken: BrokenRow[] = [];
  let [rows, brokenCount, answered, replaced] = [0, 0, 0, 0];
  let firstReplaced: number | null = null;
  for await (const batch of batches(source, AT_ONCE)) {
    signal.throwIfAborted();
    for (const { line, row } of batch.rows) {
      look(row, columns);
      if (givesAnswer(row)) answered += 1;
      if (!isReplaced(row)) continue;
      replaced += 1;
      firstReplaced ??= line;
    }
    brokenCount += batch.broken.length;
    broken.push(...batch.broken.slice(0, NAMED - broken.length));
    rows += batch.rows.length + batch.broken.length;
    onProgress(batch.share, rows);
    await new Promise((go) => setTimeout(go)); // whoever looks at the page goes on
  }
  return { rows, brokenCount, broken, columns, answered, replaced, firstReplaced };
}

function look(row: Row, columns: Map<string, ColumnContents>) {
  for (const [name, value] of Object.entries(row)) {
    let column = columns.get(name);
    if (!column) columns.set(name, (column = { filled: 0, labels: new Set() }));
    if (!isFilled(value)) continue;
    column.filled += 1;
    if (!column.labels) continue;
    for (const label of labelsIn(value)) column.labels.add(label);
    if (column.labels.size > MOST_LABELS) column.labels = null;
  }
}

function isReplaced(value: unknown): boolean {
  if (typeof value === "string") return value.includes(REPLACEMENT);
  return typeof value === "object" && value !== null && Object.entries(value).some(([key, each]) => key.includes(REPLACEMENT) || isReplaced(each));
}

/** The labels of the columns that give some, in the order of the file. */
export function labelsFound({ columns }: Scan, roles: readonly Column[]): string[] {
  const giving = roles.filter((each) => each.role === "label" || each.role === "prediction" || (each.role === "own" && /^(annotation|predictions|answer\..*)$/.test(each.name)));
  return [...new Set(giving.flatMap((each) => [...(columns.get(each.name)?.labels ?? [])]))];
}

/** Number of records that count as done once they are in. */
export function doneCount({ columns, answered }: Scan, roles: readonly Column[]): number {
  if (ownAnswers(roles).some((each) => each.role === "own")) return answered;
  return roles.filter((each) => each.role === "label").reduce((most, each) => Math.max(most, columns.get(each.name)?.filled ?? 0), 0);
}
