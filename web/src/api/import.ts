/** Sends rows of a file to the server, to be looked at or to be stored. */

import type { NewDataset, SpanRules } from "./dataset-settings";
import { ask, client } from "./client";
import type { components } from "./schema";

export type ImportAnswer = components["schemas"]["ImportOut"];
export type BadRow = components["schemas"]["BadRow"];

interface Options {
  readonly mapping: Readonly<Record<string, string>>;
  /** Rules for spans, in a dataset that is not there yet. */
  readonly spans: SpanRules;
  readonly dryRun: boolean;
  readonly signal?: AbortSignal;
}

/** Rows are sent as JSON lines, whatever file they come from; bad ones are left out and named. */
export function sendRows(dataset: Omit<NewDataset, "tags">, rows: readonly unknown[], options: Options): Promise<ImportAnswer> {
  const { workspace, name, task } = dataset;
  const query = {
    workspace,
    task,
    format: "jsonl" as const,
    mapping: JSON.stringify(options.mapping),
    ...(options.spans.overlapping ? { allow_overlapping_spans: true } : {}),
    ...(options.spans.characters ? { allow_character_spans: true } : {}),
    dry_run: options.dryRun,
    leave_out: true,
  };
  return ask(
    client.POST("/api/datasets/{name}/import", {
      params: { path: { name }, query },
      body: rows.map((each) => JSON.stringify(each)).join("\n"),
      bodySerializer: (body: string) => body,
      headers: { "Content-Type": "application/x-ndjson" },
      ...(options.signal ? { signal: options.signal } : {}),
    }),
  );
}
