/** Reads tables: the rows of a text whose cells are separated, and of a sheet of a spreadsheet. */

import { decoded, type Encoding } from "./file-encoding";
import { unpackedSize } from "./zip-size";

/** Cells of one row, or why it cannot be read; `line` is where people find it. */
export interface Cells {
  readonly line: number;
  readonly cells: readonly unknown[];
  readonly wrong: TableFault | null;
  readonly share: number;
}

/** `unclosed`: a quote that never ends takes everything after it into one cell. `quote`: one inside a cell that is not doubled. */
export type TableFault = { readonly kind: "unclosed" | "quote"; readonly from: number; readonly to: number } | { readonly kind: "long"; readonly from: number };

/** Longest row in characters, which is also the most a server takes. */
const LONGEST = 8_000_000;
const SEPARATORS = [",", ";", "\t", "|"];

/** Separator of cells: whatever the first line has most of. Rows may be broken, headers seldom are. */
function separatorOf(text: string): string {
  const bare = (text.split(/[\r\n]/, 1)[0] ?? "").replace(/"[^"]*"/g, "");
  const count = (separator: string) => bare.split(separator).length;
  return SEPARATORS.reduce((best, each) => (count(each) > count(best) ? each : best));
}

const newlines = (text: string, newline: string) => text.split(newline).length - 1;

/** Rows of separated cells, in the order of the file. */
export async function* separatedRows(file: Blob, encoding: Encoding): AsyncGenerator<Cells> {
  const { default: Papa } = await import("papaparse");
  let [rest, line, delimiter] = ["", 1, ""];
  let newline: "\n" | "\r" = "\n";
  for await (const { text, share, last } of decoded(file, encoding)) {
    rest += text;
    if (!delimiter) {
      const named = /^"?sep=(.)"?\r?\n/i.exec(rest); // a first line by which spreadsheets name the separator
      if (named) {
        rest = rest.slice(named[0].length);
        line += 1;
      }
      delimiter = named?.[1] ?? separatorOf(rest);
      newline = rest.includes("\n") || !rest.includes("\r") ? "\n" : "\r";
    }
    const found: Cells[] = [];
    let taken = 0;
    const parser = new Papa.Parser({
      delimiter,
      newline,
      step: ({ data, errors, meta }) => {
        const cells = (data as string[][])[0] ?? [];
        const [from, piece] = [line, rest.slice(taken, meta.cursor)];
        line += newlines(piece, newline);
        taken = meta.cursor;
        const fault = errors.find((each) => each.type === "Quotes");
        const to = piece.endsWith(newline) ? line - 1 : line;
        // files with both kinds of line breaks are read as if all were the shorter one
        const end = cells.at(-1);
        found.push({ line: from, cells: end?.endsWith("\r") ? [...cells.slice(0, -1), end.slice(0, -1)] : cells, wrong: fault ? { kind: fault.code === "MissingQuotes" ? "unclosed" : "quote", from, to } : null, share });
      },
    });
    parser.parse(rest, 0, !last);
    yield* found;
    rest = rest.slice(taken);
    if (rest.length > LONGEST) {
      yield { line, cells: [], wrong: { kind: "long", from: line }, share: 1 };
      return;
    }
  }
}

interface Sheet {
  readonly sheet: string;
  readonly data: readonly (readonly unknown[])[];
}

/** Files of spreadsheets are unpacked whole, and read several times. */
const unpacked = new WeakMap<Blob, Promise<readonly Sheet[]>>();

/** A browser holds a spreadsheet unpacked and as a whole: beyond this it would hang, or run out of memory. */
export const MOST_UNPACKED = 500_000_000;

export class TooLargeError extends Error {
  constructor(readonly bytes: number) {
    super(`Unpacked it has ${String(Math.round(bytes / 1e6))} MB, and at most ${String(MOST_UNPACKED / 1e6)} MB can be read here. Save it as CSV, which is read piece by piece`);
  }
}

async function sheetsOf(file: Blob, most = MOST_UNPACKED): Promise<readonly Sheet[]> {
  const known = unpacked.get(file);
  if (known) return known;
  const size = await unpackedSize(file);
  if (size !== null && size > most) throw new TooLargeError(size);
  const { default: readExcel } = await import("read-excel-file/universal");
  const reading = readExcel(file, { trim: false }) as Promise<readonly Sheet[]>;
  unpacked.set(file, reading);
  return reading;
}

export async function sheetNames(file: Blob, most = MOST_UNPACKED): Promise<string[]> {
  return (await sheetsOf(file, most)).map((each) => each.sheet);
}

/** Rows of a sheet, each with the number it has in the spreadsheet. */
export async function* sheetRows(file: Blob, sheet: string | null): AsyncGenerator<Cells> {
  const sheets = await sheetsOf(file);
  const rows = (sheets.find((each) => each.sheet === sheet) ?? sheets[0])?.data ?? [];
  const width = rows.reduce((most, row) => Math.max(most, row.findLastIndex((cell) => cell !== null && cell !== "") + 1), 0);
  for (const [at, row] of rows.entries()) {
    yield { line: at + 1, cells: Array.from({ length: width }, (_, column) => cellOf(row[column])), wrong: null, share: (at + 1) / rows.length };
  }
}

/** Days are days, not midnights. */
function cellOf(cell: unknown): unknown {
  if (cell instanceof Date) return cell.toISOString().replace("T00:00:00.000Z", "");
  return cell ?? "";
}

/** Is the first row names of columns rather than values: short, and no numbers among them? */
export function looksLikeHeader(cells: readonly unknown[]): boolean {
  const filled = cells.filter((each) => each !== "");
  return filled.length > 0 && filled.every((each) => typeof each === "string" && each.trim().length <= 60 && !/^[-+]?[\d.,]+$/.test(each.trim()) && !/[.!?]\s*$/.test(each));
}

/** Names of columns, each once, and one for every column. */
export function namesOf(cells: readonly unknown[]): string[] {
  const taken = new Set<string>();
  return cells.map((cell, at) => {
    const wanted = String(cell).replace(/^\uFEFF/, "").trim() || `column ${String(at + 1)}`;
    let name = wanted;
    for (let nth = 2; taken.has(name); nth += 1) name = `${wanted} ${String(nth)}`;
    taken.add(name);
    return name;
  });
}
