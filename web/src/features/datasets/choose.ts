/** Choice of the datasets that are listed, their order, and what the address says about it. */

import type { ListedDataset } from "@/api/datasets";
import type { Params } from "@/core/view";
import { compare } from "@/text/format";

export interface ListOptions {
  readonly q: string;
  readonly workspace: readonly string[];
  readonly task: string | null;
  readonly tags: readonly string[];
  /** A column; a minus in front turns the order round. */
  readonly sort: string;
}

export const DEFAULT_SORT = "-updated";

export function readListOptions(params: Params): ListOptions {
  const all = (name: string) => [params[name] ?? []].flat().filter(Boolean);
  return {
    q: all("q")[0] ?? "",
    workspace: all("workspace"),
    task: all("task")[0] ?? null,
    tags: all("tag"),
    sort: all("sort")[0] ?? DEFAULT_SORT,
  };
}

export function writeListOptions(options: ListOptions): Params {
  const params: Params = {};
  if (options.q) params["q"] = options.q;
  if (options.workspace.length) params["workspace"] = [...options.workspace];
  if (options.task) params["task"] = options.task;
  if (options.tags.length) params["tag"] = [...options.tags];
  if (options.sort !== DEFAULT_SORT) params["sort"] = options.sort;
  return params;
}

export const tagsOf = (dataset: ListedDataset) => Object.entries(dataset.tags).map(([key, value]) => `${key}: ${value}`);

export function filterDatasets(all: readonly ListedDataset[], options: ListOptions): ListedDataset[] {
  const words = options.q.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter(
    (each) =>
      words.every((word) => each.name.toLowerCase().includes(word)) &&
      (!options.workspace.length || options.workspace.includes(each.workspace)) &&
      (!options.task || options.task === each.task) &&
      options.tags.every((tag) => tagsOf(each).includes(tag)),
  );
}

const COLUMNS: Record<string, (dataset: ListedDataset) => string> = {
  name: (each) => each.name,
  workspace: (each) => each.workspace,
  task: (each) => each.task,
  updated: (each) => each.last_updated,
};

export function sortDatasets(all: readonly ListedDataset[], sort: string): ListedDataset[] {
  const value = COLUMNS[sort.replace(/^-/, "")] ?? ((each: ListedDataset) => each.last_updated);
  const sign = sort.startsWith("-") ? -1 : 1;
  return [...all].sort((one, other) => sign * compare(value(one), value(other)) || compare(one.name, other.name));
}

/** Options to choose from, with what is chosen at the front whether it exists or not. */
export function choicesOf(all: readonly ListedDataset[], options: ListOptions) {
  const distinct = (values: string[]) => [...new Set(values)].sort(compare);
  return {
    workspaces: distinct([...all.map((each) => each.workspace), ...options.workspace]),
    tasks: distinct(all.map((each) => each.task)) as ListedDataset["task"][],
    tags: distinct([...all.flatMap(tagsOf), ...options.tags]),
  };
}
