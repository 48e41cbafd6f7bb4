/** Reads the rows of a table in a file, a batch at a time, so that a large file never has to fit into memory. */

import { parseToRead } from "./exact-json";
import { decoded, detectEncoding, type Encoding } from "./file-encoding";
import { type Cells, looksLikeHeader, namesOf, separatedRows, sheetNames, sheetRows, type TableFault } from "./file-table";

export type FileKind = "jsonl" | "csv" | "parquet" | "json" | "lines" | "excel";
export type Row = Readonly<Record<string, unknown>>;

/** Options for reading a file: what was found when it was opened, or what somebody says instead. */
export interface ReadAs {
  readonly encoding: Encoding;
  /** The first row of a table has the names of the columns. */
  readonly header: boolean;
  /** Of a spreadsheet; null is the first. */
  readonly sheet: string | null;
}

export interface Source {
  readonly file: File;
  readonly kind: FileKind;
  readonly as: ReadAs;
}

export interface Opened extends Source {
  /** The encoding is the best guess, not certain. */
  readonly guessed: boolean;
  readonly sheets: readonly string[];
}

export type Fault = TableFault | { readonly kind: "json" | "entry" | "cells" };

/** Rows with their numbers in the file, from 1, and the lines they begin in; what could not be read; how much of the file is behind it. */
export interface Batch {
  readonly rows: readonly NumberedRow[];
  readonly broken: readonly BrokenRow[];
  readonly share: number;
}

export interface NumberedRow {
  readonly number: number;
  /** Place where people find it: a line of a text, a row of a spreadsheet or a Parquet table, an entry of a list. */
  readonly line: number;
  readonly row: Row;
}

export interface BrokenRow {
  readonly number: number;
  readonly line: number;
  readonly fault: Fault;
}

const KINDS: Record<string, FileKind> = { jsonl: "jsonl", ndjson: "jsonl", csv: "csv", tsv: "csv", txt: "lines", parquet: "parquet", json: "json", xlsx: "excel" };
export const EXTENSIONS = Object.keys(KINDS).map((each) => `.${each}`).join(",");

export function kindOf(name: string): FileKind | null {
  return KINDS[name.toLowerCase().split(".").at(-1) ?? ""] ?? null;
}

export const isText = (kind: FileKind) => kind !== "parquet" && kind !== "excel";
export const hasHeader = (kind: FileKind) => kind === "csv" || kind === "excel";

/** Opens a file as its name and its bytes say. `languages` are those of whoever looks. */
export async function open(file: File, kind: FileKind, languages: readonly string[]): Promise<Opened> {
  const { encoding, guessed } = isText(kind) ? await detectEncoding(file, languages) : { encoding: "utf-8" as const, guessed: false };
  const sheets = kind === "excel" ? await sheetNames(file) : [];
  const source = { file, kind, as: { encoding, header: true, sheet: sheets[0] ?? null } };
  return { ...source, as: { ...source.as, header: await headed(source) }, guessed, sheets };
}

/** Does the first row of a table look like a header? */
export async function headed(source: Source): Promise<boolean> {
  if (!hasHeader(source.kind)) return true;
  for await (const { cells } of cellsOf(source)) if (!isEmpty(cells)) return looksLikeHeader(cells);
  return true;
}

export function batches(source: Source, size: number): AsyncGenerator<Batch> {
  const { file, kind } = source;
  if (kind === "parquet") return fromParquet(file, size);
  if (hasHeader(kind)) return fromTable(source, size);
  return kind === "json" ? fromJson(source, size) : fromLines(source, size);
}

/** The first rows, to see what there is. */
export async function peek(source: Source, count: number): Promise<Batch> {
  for await (const batch of batches(source, count)) return batch;
  return { rows: [], broken: [], share: 1 };
}

const isRow = (value: unknown): value is Row => typeof value === "object" && value !== null && !Array.isArray(value);

function collector(size: number) {
  let rows: NumberedRow[] = [];
  let broken: BrokenRow[] = [];
  let number = 0;
  return {
    add(line: number, found: unknown, otherwise: Fault) {
      number += 1;
      if (isRow(found)) rows.push({ number, line, row: found });
      else broken.push({ number, line, fault: otherwise });
    },
    full: () => rows.length + broken.length >= size,
    take(share: number): Batch {
      const taken = { rows, broken, share };
      rows = [];
      broken = [];
      return taken;
    },
    empty: () => rows.length + broken.length === 0,
  };
}

function parsed(line: string): unknown {
  try {
    return parseToRead(line);
  } catch {
    return null;
  }
}

/** A row for each line: an object of JSON, or the text it is. */
async function* fromLines({ file, kind, as }: Source, size: number): AsyncGenerator<Batch> {
  const found = collector(size);
  const read = (line: string) => (kind === "lines" ? { text: line.replace(/\r$/, "") } : parsed(line));
  let [rest, number] = ["", 0];
  for await (const { text, share, last } of decoded(file, as.encoding)) {
    const lines = (rest + text).split("\n");
    rest = last ? "" : (lines.pop() ?? "");
    for (const line of lines) {
      number += 1;
      if (!line.trim()) continue;
      found.add(number, read(line), { kind: "json" });
      if (found.full()) yield found.take(share);
    }
  }
  if (!found.empty()) yield found.take(1);
}

async function* fromJson(source: Source, size: number): AsyncGenerator<Batch> {
  let text = "";
  for await (const piece of decoded(source.file, source.as.encoding)) text += piece.text;
  const all = parsed(text);
  if (!Array.isArray(all)) {
    yield* fromLines(source, size); // many call a file of JSON lines .json
    return;
  }
  const found = collector(size);
  for (const [at, row] of (all as unknown[]).entries()) {
    found.add(at + 1, row, { kind: "entry" });
    if (found.full()) yield found.take((at + 1) / all.length);
  }
  if (!found.empty()) yield found.take(1);
}

const cellsOf = ({ file, kind, as }: Source): AsyncGenerator<Cells> => (kind === "excel" ? sheetRows(file, as.sheet) : separatedRows(file, as.encoding));
const isEmpty = (cells: readonly unknown[]) => cells.every((each) => typeof each === "string" && !each.trim());

/** Rows of a table, whose first row may name the columns. */
async function* fromTable(source: Source, size: number): AsyncGenerator<Batch> {
  const found = collector(size);
  let names: string[] | null = null;
  for await (const { line, cells, wrong, share } of cellsOf(source)) {
    if (!wrong && isEmpty(cells)) continue;
    if (!names && !wrong) {
      names = namesOf(source.as.header ? cells : cells.map(() => ""));
      if (source.as.header) continue;
    }
    found.add(line, wrong || !names ? null : rowOf(names, cells), wrong ?? { kind: "cells" });
    if (found.full()) yield found.take(Math.min(0.99, share));
  }
  if (!found.empty()) yield found.take(1);
}

/** Null if there are too few cells, or more than have names. */
function rowOf(names: readonly string[], cells: readonly unknown[]): Row | null {
  if (cells.length < names.length || !isEmpty(cells.slice(names.length))) return null;
  return Object.fromEntries(names.map((name, at) => [name, cells[at]]));
}

async function* fromParquet(file: File, size: number): AsyncGenerator<Batch> {
  const { parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const buffer = { byteLength: file.size, slice: (start: number, end?: number) => file.slice(start, end).arrayBuffer() };
  const metadata = await parquetMetadataAsync(buffer);
  const total = Number(metadata.num_rows);
  for (let start = 0; start < total; start += size) {
    const end = Math.min(total, start + size);
    const rows = await parquetReadObjects({ file: buffer, metadata, rowStart: start, rowEnd: end });
    yield { rows: rows.map((row, at) => ({ number: start + at + 1, line: start + at + 1, row: plain(row) as Row })), broken: [], share: end / total };
  }
}

/** A cell of a Parquet table as JSON has it: whole numbers beyond what JSON readers know become text. */
export function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plain);
  if (Array.isArray(value)) return value.map(plain);
  if (isRow(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
  return value;
}
