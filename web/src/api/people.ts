/** Users and workspaces, for those who look after them. */

import { queryOptions } from "@tanstack/react-query";

import { ApiError, ask, client } from "./client";
import type { components } from "./schema";
import { type Me, sessionBegan } from "./session";

export type User = components["schemas"]["UserOut"];
export type Workspace = components["schemas"]["WorkspaceOut"];
export type Member = components["schemas"]["MemberOut"];
export type MembershipRole = components["schemas"]["MembershipRole"];

export const peopleKey = ["people"];

/** Everybody who ever had an account, those who were deactivated too; for administrators. */
export const usersQuery = queryOptions({
  queryKey: [...peopleKey, "users"],
  queryFn: () => ask(client.GET("/api/users", { params: { query: { inactive: true } } })),
});

export const workspacesQuery = queryOptions({
  queryKey: [...peopleKey, "workspaces"],
  queryFn: () => ask(client.GET("/api/workspaces")),
  staleTime: 10_000,
});

export const membersOf = (workspace: string) =>
  queryOptions({
    queryKey: [...peopleKey, "members", workspace],
    queryFn: async () => (await ask(client.GET("/api/workspaces/{name}/members", { params: { path: { name: workspace } } }))).members,
  });

export interface NewPerson {
  readonly username: string;
  readonly first_name: string;
  readonly last_name?: string;
  readonly password: string;
  readonly role: "admin" | "annotator";
}

export interface NewTeam {
  readonly users: readonly NewPerson[];
  readonly workspace: string | null;
  readonly membership: MembershipRole;
  readonly personal: boolean;
}

export async function createTeam(team: NewTeam): Promise<User[]> {
  return (await ask(client.POST("/api/users:create_many", { body: { ...team, users: team.users.map((each) => ({ ...each })) } }))).users;
}

/** Lets somebody who was deactivated in again, with everything they did. */
export function restoreUser(user: User, password: string): Promise<User> {
  const body = { username: user.username, first_name: user.first_name, last_name: user.last_name ?? null, role: user.role, password };
  return ask(client.POST("/api/users", { params: { query: { restore: true } }, body }));
}

export interface UserChange {
  readonly first_name?: string;
  readonly last_name?: string;
  readonly role?: "admin" | "annotator";
  readonly password?: string;
}

export function changeUser(id: string, change: UserChange): Promise<User> {
  return ask(client.PATCH("/api/users/{id}", { params: { path: { id } }, body: { ...change } }));
}

export function deactivateUser(id: string): Promise<User> {
  return ask(client.DELETE("/api/users/{id}", { params: { path: { id } } }));
}

export function createWorkspace(name: string): Promise<Workspace> {
  return ask(client.POST("/api/workspaces", { body: { name } }));
}

export function addMember(workspace: string, username: string, role: MembershipRole): Promise<Member> {
  return ask(client.POST("/api/workspaces/{name}/members", { params: { path: { name: workspace } }, body: { username, role } }));
}

export function setMemberRole(workspace: string, username: string, role: MembershipRole): Promise<Member> {
  const path = { name: workspace, user: username };
  return ask(client.PATCH("/api/workspaces/{name}/members/{user}", { params: { path }, body: { role } }));
}

export function removeMember(workspace: string, user: string): Promise<User> {
  return ask(client.DELETE("/api/workspaces/{id}/users/{user}", { params: { path: { id: workspace, user } } }));
}

/** Does the server still wait for its first administrator? A server that cannot say does not. */
export async function awaitsSetup(): Promise<boolean> {
  try {
    return (await ask(client.GET("/api/setup"))).needed;
  } catch (failure) {
    if (failure instanceof ApiError) return false;
    throw failure;
  }
}

export interface FirstAdmin {
  readonly code: string;
  readonly first_name: string;
  readonly username: string;
  readonly password: string;
}

/** Creates the first administrator and signs them in; with the key, which is shown once. */
export async function setUp(admin: FirstAdmin): Promise<{ me: Me; key: string | null }> {
  const made = await ask(client.POST("/api/setup", { body: { ...admin } }));
  sessionBegan(made.username);
  return { me: await ask(client.GET("/api/me")), key: made.api_key ?? null };
}
