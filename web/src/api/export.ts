/** Takes a dataset out of the server as a file. */

import type { DatasetRef } from "@/core/model";

import { ask, client } from "./client";

export type ExportFormat = "jsonl" | "csv" | "parquet";

export interface Export {
  readonly format: ExportFormat;
  /** Only records that match; "" for all. */
  readonly query: string;
  /** Everybody's answers beside what each record stands by. */
  readonly answers: boolean;
  /** CSV whose texts no spreadsheet takes for formulas. */
  readonly spreadsheet: boolean;
}

/** The file, which the browser keeps where it sees fit; told how many bytes have come, since nobody knows how many will. */
export async function exportDataset(dataset: DatasetRef, options: Export, onBytes: (count: number) => void, signal: AbortSignal): Promise<Blob> {
  const { format, query, answers, spreadsheet } = options;
  const body = { format, answers, spreadsheet: spreadsheet && format === "csv", ...(query ? { query } : {}) };
  const params = { path: { name: dataset.name }, query: { workspace: dataset.workspace } };
  const stream = (await ask<unknown>(
    client.POST("/api/datasets/{name}/export", { params, body, signal, parseAs: "stream" }),
  )) as ReadableStream<Uint8Array<ArrayBuffer>>;
  let count = 0;
  const counted = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(part, to) {
      count += part.byteLength;
      onBytes(count);
      to.enqueue(part);
    },
  });
  return new Response(stream.pipeThrough(counted)).blob();
}
