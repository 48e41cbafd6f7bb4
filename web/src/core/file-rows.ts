/** Reads the rows of a table in a file, a batch at a time, so that a large file never has to fit into memory. */

import { parseToRead } from "./exact-json";

export type FileKind = "jsonl" | "csv" | "parquet" | "json";
export type Row = Readonly<Record<string, unknown>>;

/** Rows with their numbers in the file, from 1; what could not be read; and how much of the file is behind it. */
export interface Batch {
  readonly rows: readonly { readonly number: number; readonly row: Row }[];
  readonly broken: readonly { readonly row: number; readonly message: string }[];
  readonly share: number;
}

const KINDS: Record<string, FileKind> = { jsonl: "jsonl", ndjson: "jsonl", csv: "csv", tsv: "csv", txt: "csv", parquet: "parquet", json: "json" };

export function kindOf(name: string): FileKind | null {
  return KINDS[name.toLowerCase().split(".").at(-1) ?? ""] ?? null;
}

export function batches(file: File, size: number): AsyncGenerator<Batch> {
  const kind = kindOf(file.name);
  if (kind === "parquet") return fromParquet(file, size);
  if (kind === "csv") return fromCsv(file, size);
  return kind === "json" ? fromJson(file, size) : fromLines(file, size);
}

/** The first rows, to see what there is. */
export async function peek(file: File, count: number): Promise<Batch> {
  for await (const batch of batches(file, count)) return batch;
  return { rows: [], broken: [], share: 1 };
}

const isRow = (value: unknown): value is Row => typeof value === "object" && value !== null && !Array.isArray(value);

function collector(size: number) {
  let rows: { number: number; row: Row }[] = [];
  let broken: { row: number; message: string }[] = [];
  return {
    add(number: number, found: unknown, otherwise: string) {
      if (isRow(found)) rows.push({ number, row: found });
      else broken.push({ row: number, message: otherwise });
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

const SLICE = 1 << 20;

async function* fromLines(file: File, size: number): AsyncGenerator<Batch> {
  const decoder = new TextDecoder();
  const found = collector(size);
  let [rest, number] = ["", 0];
  for (let start = 0; start < file.size; start += SLICE) {
    const end = Math.min(file.size, start + SLICE);
    const text = rest + decoder.decode(await file.slice(start, end).arrayBuffer(), { stream: end < file.size });
    const lines = text.split("\n");
    rest = end < file.size ? (lines.pop() ?? "") : "";
    for (const line of lines) {
      if (!line.trim()) continue;
      number += 1;
      found.add(number, parsed(line), "this line is not a JSON object");
      if (found.full()) yield found.take(end / file.size);
    }
  }
  if (!found.empty()) yield found.take(1);
}

async function* fromJson(file: File, size: number): AsyncGenerator<Batch> {
  const text = await file.text();
  const all = parsed(text);
  if (!Array.isArray(all)) {
    // many call a file of JSON lines .json
    yield* fromLines(new File([text], file.name), size);
    return;
  }
  const found = collector(size);
  for (const [at, row] of (all as unknown[]).entries()) {
    found.add(at + 1, row, "this entry is not an object");
    if (found.full()) yield found.take((at + 1) / all.length);
  }
  if (!found.empty()) yield found.take(1);
}

/** What separates cells: whatever the header has most of. Rows may be broken, headers seldom are. */
async function separatorOf(file: File): Promise<string> {
  const head = (await file.slice(0, SLICE / 16).text()).split("\n", 1)[0] ?? "";
  const bare = head.replace(/"[^"]*"/g, "");
  const count = (separator: string) => bare.split(separator).length;
  return [",", ";", "\t", "|"].reduce((best, each) => (count(each) > count(best) ? each : best));
}

async function* fromCsv(file: File, size: number): AsyncGenerator<Batch> {
  const { default: Papa } = await import("papaparse");
  const delimiter = await separatorOf(file);
  const found = collector(size);
  const waiting: Batch[] = [];
  let [number, done, failure] = [0, false, null as Error | null];
  let wake: () => void = () => undefined;
  let resume: () => void = () => undefined;
  let leave: () => void = () => undefined;
  Papa.parse<Record<string, unknown>>(file, {
    header: true,
    delimiter,
    chunkSize: SLICE / 4, // so that progress moves
    skipEmptyLines: "greedy",
    transformHeader: (name, at) => name.replace(/^\uFEFF/, "").trim() || `column ${String(at + 1)}`,
    chunk: (results, parser) => {
      const columns = results.meta.fields ?? [];
      for (const row of results.data) {
        number += 1;
        const fits = !("__parsed_extra" in row) && columns.every((name) => row[name] !== undefined);
        found.add(number, fits ? row : null, "this row has more or fewer cells than the header");
        if (found.full()) waiting.push(found.take(Math.min(0.99, results.meta.cursor / Math.max(1, file.size))));
      }
      parser.pause();
      resume = () => { parser.resume(); };
      leave = () => { parser.abort(); };
      wake();
    },
    complete: () => {
      done = true;
      wake();
    },
    error: (wrong) => {
      failure = wrong;
      done = true;
      wake();
    },
  });
  try {
    for (;;) {
      const next = waiting.shift();
      if (next) {
        yield next;
        continue;
      }
      if (failure !== null) throw failure;
      if (done) break;
      const woken = new Promise<void>((go) => { wake = go; });
      const goOn = resume;
      resume = () => undefined;
      goOn();
      if (!done && !waiting.length) await woken;
    }
    if (!found.empty()) yield found.take(1);
  } finally {
    if (!done) leave();
  }
}

async function* fromParquet(file: File, size: number): AsyncGenerator<Batch> {
  const { parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const buffer = { byteLength: file.size, slice: (start: number, end?: number) => file.slice(start, end).arrayBuffer() };
  const metadata = await parquetMetadataAsync(buffer);
  const total = Number(metadata.num_rows);
  for (let start = 0; start < total; start += size) {
    const end = Math.min(total, start + size);
    const rows = await parquetReadObjects({ file: buffer, metadata, rowStart: start, rowEnd: end });
    yield { rows: rows.map((row, at) => ({ number: start + at + 1, row: plain(row) as Row })), broken: [], share: end / total };
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
