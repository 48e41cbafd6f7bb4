/** Python to copy, with the names of a dataset in it. */

import type { DatasetRef } from "./model";

/** Fills `__API_URL__`, `__WORKSPACE__`, `__DATASET__` and what else is given; `server` is the address that clients use. */
export function fillSnippet(code: string, { workspace, name }: DatasetRef, server: string, more: Readonly<Record<string, string>> = {}): string {
  const values: Record<string, string> = { API_URL: server.replace(/\/$/, ""), WORKSPACE: workspace, DATASET: name, ...more };
  // a text in JSON is one in Python, too
  return code.replace(/__([A-Z_]+?)__/g, (_, key: string) => JSON.stringify(values[key])).trimEnd();
}
