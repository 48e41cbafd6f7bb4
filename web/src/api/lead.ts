/** All teams one leads at a glance, and records taken back from who left them lying. */

import { queryOptions } from "@tanstack/react-query";

import { ask, client } from "./client";
import type { components } from "./schema";

export type TeamOverview = components["schemas"]["TeamOut"];
export type TeamDataset = components["schemas"]["TeamDataset"];
export type TeamPerson = components["schemas"]["TeamPerson"];

export const teamOverviewQuery = queryOptions({
  queryKey: ["team-overview"],
  queryFn: () => ask(client.GET("/api/team")),
  staleTime: 5_000,
});

export async function takeBack(dataset: { workspace: string; name: string }, annotators: readonly string[]): Promise<number> {
  const params = { path: { name: dataset.name }, query: { workspace: dataset.workspace } };
  const { released } = await ask(client.POST("/api/datasets/{name}/queue:take_back", { params, body: { annotators: [...annotators] } }));
  return released.length;
}
