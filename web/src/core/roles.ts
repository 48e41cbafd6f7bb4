/** Rights of those who lead. The server decides; screens only leave out what it would refuse. */

interface Person {
  readonly role: string;
  readonly memberships: readonly { readonly workspace: string; readonly role: string }[];
}

/** In a workspace, the one who may do most last. */
export const ROLES = ["annotator", "reviewer", "manager"] as const;

const roleIn = (me: Person, workspace: string) => me.memberships.find((each) => each.workspace === workspace)?.role;

/** Shares out work, changes settings, and looks after members of the workspace. */
export function manages(me: Person, workspace: string): boolean {
  return me.role === "admin" || roleIn(me, workspace) === "manager";
}

/** Sees what everybody in the workspace has done. */
export function sees(me: Person, workspace: string): boolean {
  return manages(me, workspace) || roleIn(me, workspace) === "reviewer";
}

/** Manages anything at all. */
export function managesSomething(me: Person): boolean {
  return me.role === "admin" || me.memberships.some((each) => each.role === "manager");
}

/** Leads a team anywhere: manages it, or reviews its answers. */
export function seesSomething(me: Person): boolean {
  return managesSomething(me) || me.memberships.some((each) => each.role === "reviewer");
}
