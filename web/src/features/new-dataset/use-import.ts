/** Progress of importing a file: checked, stored, stopped, done. */

import { useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";

import { saveLabels, saveTags, type SpanRules } from "@/api/dataset-settings";
import { sendRows } from "@/api/import";
import { type Column, mappingOf } from "@/core/columns";
import { type CheckedFile, checkFile, type Job, type Progress, storeFile } from "@/core/file-import";
import type { Source } from "@/core/file-rows";
import type { DatasetRef } from "@/core/model";
import { faultText, placeText } from "@/text/files";
import { manageText } from "@/text/manage";

export interface ImportRequest {
  readonly source: Source;
  readonly dataset: DatasetRef;
  readonly columns: readonly Column[];
  readonly multiLabel: boolean;
  readonly spans: SpanRules;
  readonly labels: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  /** There is such a dataset already, so ids made here must not be those of its records. */
  readonly exists: boolean;
}

export type ImportState =
  | { step: "idle" }
  | { step: "checking"; progress: Progress }
  | { step: "checked"; checked: CheckedFile }
  | { step: "storing"; progress: Progress }
  | { step: "failed"; message: string }
  | { step: "done"; stored: number; leftOut: number; afterwards: string | null };

const NOTHING: Progress = { share: 0, rows: 0 };

export function useImport() {
  const cache = useQueryClient();
  const [state, setState] = useState<ImportState>({ step: "idle" });
  const stopping = useRef<AbortController | null>(null);
  const prefix = useRef(`${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36) ?? ""}-`);

  function jobOf(request: ImportRequest, step: "checking" | "storing"): Job {
    const { dataset, columns } = request;
    const leaving = new AbortController();
    stopping.current = leaving;
    const mapping = mappingOf(columns, dataset.task, request.multiLabel);
    return {
      source: request.source,
      columns,
      prefix: request.exists ? prefix.current : "",
      send: (rows, dryRun) => sendRows(dataset, rows, { mapping, dryRun, spans: request.spans, signal: leaving.signal }),
      onProgress: (progress) => { setState({ step, progress }); },
      signal: leaving.signal,
      duplicate: (id, line) => manageText.create.duplicate(id, placeText(request.source.kind, line)),
      unread: faultText,
    };
  }

  /** Checks everything; stores it at once if nothing is wrong. */
  async function begin(request: ImportRequest) {
    setState({ step: "checking", progress: NOTHING });
    const job = jobOf(request, "checking");
    try {
      const checked = await checkFile(job);
      if (checked.leftOut || !checked.good) setState({ step: "checked", checked });
      else await store(request, checked);
    } catch (failure) {
      setState({ step: "failed", message: job.signal.aborted ? manageText.create.stopped(0) : manageText.create.failed(0, messageOf(failure)) });
    }
  }

  async function store(request: ImportRequest, checked: CheckedFile) {
    let stored = 0;
    const job = jobOf(request, "storing");
    setState({ step: "storing", progress: NOTHING });
    try {
      await storeFile({ ...job, onProgress: (progress) => { stored = progress.rows; job.onProgress(progress); } }, checked);
    } catch (failure) {
      await refresh(request.dataset);
      setState({ step: "failed", message: job.signal.aborted ? manageText.create.stopped(stored) : manageText.create.failed(stored, messageOf(failure)) });
      return;
    }
    let afterwards = null;
    try {
      const labels = [...new Set([...request.labels, ...checked.labels])];
      if (!request.exists && request.labels.length && request.dataset.task !== "Text2Text") {
        await saveLabels(request.dataset, labels.map((name) => ({ id: name, name, colour: "", shortcut: "", description: "" })));
      }
      if (Object.keys(request.tags).length) await saveTags(request.dataset, { tags: request.tags, remove_tags: [] });
    } catch (failure) {
      afterwards = manageText.create.afterwards(messageOf(failure));
    }
    await refresh(request.dataset);
    setState({ step: "done", stored, leftOut: checked.leftOut, afterwards });
  }

  async function refresh({ workspace, name }: DatasetRef) {
    await Promise.all([
      cache.invalidateQueries({ queryKey: ["datasets"] }),
      cache.invalidateQueries({ queryKey: ["dataset", workspace, name] }),
      cache.invalidateQueries({ queryKey: ["labels", workspace, name] }),
      cache.invalidateQueries({ queryKey: ["records"] }),
      cache.invalidateQueries({ queryKey: ["progress", workspace, name] }),
    ]);
  }

  return { state, begin, store, stop: () => { stopping.current?.abort(); }, reset: () => { setState({ step: "idle" }); } };
}

const messageOf = (failure: unknown) => (failure instanceof Error ? failure.message : String(failure)).replace(/([^.])$/, "$1.");
