import { expect, it } from "vitest";

import { manages, managesSomething, sees, seesSomething } from "./roles";

const member = (workspace: string, role: string) => ({ workspace, role });
const admin = { role: "admin", memberships: [] };
const manager = { role: "user", memberships: [member("mail", "manager"), member("news", "annotator")] };
const reviewer = { role: "user", memberships: [member("mail", "reviewer")] };
const annotator = { role: "user", memberships: [member("mail", "annotator")] };

it("whoever manages one workspace manages no other", () => {
  expect(manages(manager, "mail")).toBe(true);
  expect(manages(manager, "news")).toBe(false);
  expect(manages(manager, "unknown")).toBe(false);
});

it("administrators manage and see everything, without belonging to it", () => {
  expect([manages(admin, "mail"), sees(admin, "mail"), managesSomething(admin), seesSomething(admin)]).toEqual([true, true, true, true]);
});

it("reviewers see what their workspace has done, and manage nothing", () => {
  expect(sees(reviewer, "mail")).toBe(true);
  expect(sees(reviewer, "news")).toBe(false);
  expect(manages(reviewer, "mail")).toBe(false);
  expect([managesSomething(reviewer), seesSomething(reviewer)]).toEqual([false, true]);
});

it("annotators see their own work only", () => {
  expect([sees(annotator, "mail"), managesSomething(annotator), seesSomething(annotator)]).toEqual([false, false, false]);
  expect([managesSomething(manager), seesSomething(manager), sees(manager, "mail")]).toEqual([true, true, true]);
});
