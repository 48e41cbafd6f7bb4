import { expect, test } from "vitest";

import { firstForm, FREE, mayAskMore, mostOf, OVERLAPS, planOf, searchOf, sharedOf, whereOf } from "./plan-form";

const form = firstForm(["ana", "ben", "cy"], "", 7);

test("splitting evenly names everybody and gives each record to one of them", () => {
  expect(planOf(form)).toEqual({
    rules: [{ users: ["ana", "ben", "cy"], overlap: 1, mode: "push" }],
    seed: 7,
    blind: true,
    standing: false,
  });
});

test("weights and caps are said only of those who have them, and whoever is unticked is left out", () => {
  const [heavy, out, capped] = [{ weight: 2 }, { in: false }, { cap: 100 }];
  const people = form.people.map((each, at) => ({ ...each, ...[heavy, out, capped][at] }));
  expect(planOf({ ...form, people }).rules[0]?.users).toEqual([{ user: "ana", weight: 2 }, { user: "cy", cap: 100 }]);
});

test("a part of the records for two people is a share", () => {
  const plan = planOf({ ...form, preset: "double", ...OVERLAPS.double });
  expect(plan.rules[0]).toMatchObject({ overlap: { annotators: 2, share: 0.2 }, anchors: 10 });
});

test("how many records are shared follows from records and slots", () => {
  const twenty = { ...form, preset: "own" as const, annotators: 2, share: 20 };
  expect(sharedOf(twenty, { records: 300, slots: 360, unassigned: [] })).toBe(60);
  expect(sharedOf({ ...twenty, anchors: 10 }, { records: 300, slots: 378, unassigned: [] })).toBe(68);
  expect(sharedOf(form, { records: 300, slots: 300, unassigned: [] })).toBe(0);
});

test("one more person is asked only where two can differ and a third is there", () => {
  const twice = { ...form, preset: "own" as const, annotators: 2, adaptive: true, most: 2 };
  expect(planOf(twice).adaptive).toEqual({ max: 3 });
  expect(planOf({ ...form, adaptive: true }).adaptive).toBeUndefined();
  expect(mayAskMore({ ...twice, preset: "everyone" })).toBe(false);
  expect(mayAskMore({ ...twice, people: twice.people.map((each, at) => ({ ...each, in: at < 2 })) })).toBe(false);
});

test("checks are part of a blind plan that gives people records of their own", () => {
  const checked = { ...form, checks: true, checkShare: 5 };
  expect(planOf(checked).checks).toEqual({ share: 0.05, feedback: false });
  expect(planOf({ ...checked, blind: false }).checks).toBeUndefined();
  expect(planOf({ ...checked, pull: true }).checks).toBeUndefined();
  expect(sharedOf(checked, { records: 300, slots: 315, unassigned: [] })).toBeNull();
});

test("a list's filters are one search", () => {
  expect(searchOf({ q: "", filters: {} })).toBe("");
  expect(searchOf({ q: "good OR bad", filters: { status: ["Default"], "metadata.source": ["a b", "news"] } })).toBe(
    '(good OR bad) AND status:Default AND metadata.source:("a b" OR news)',
  );
});

test("the dialog begins with the search, else with what nobody has once something is shared out", () => {
  expect(firstForm(["ana"], "", 1).what).toBe("all");
  expect(firstForm(["ana"], "", 1, true).what).toBe("free");
  expect(firstForm(["ana"], "status:Default", 1, true).what).toBe("search");
});

test("a plan says which records it is for, unless it is for all", () => {
  expect(whereOf({ what: "all", search: "x" })).toBe("");
  expect(whereOf({ what: "free", search: "x" })).toBe(FREE);
  expect(whereOf({ what: "search", search: " x " })).toBe("x");
  expect(planOf({ ...form, what: "free" }).rules[0]?.where).toBe(FREE);
  expect(planOf(form).rules[0]).not.toHaveProperty("where");
});

test("everybody gets everything without anchors, which would be the same records once more", () => {
  const plan = planOf({ ...form, preset: "everyone", anchors: 10 });
  expect(plan.rules[0]).toMatchObject({ overlap: "all" });
  expect(plan.rules[0]).not.toHaveProperty("anchors");
  expect(sharedOf({ ...form, preset: "everyone" }, { records: 300, slots: 900, unassigned: [] })).toBe(300);
});

test("a due date, open work and a dataset to mirror into are named only where they are chosen", () => {
  const plan = planOf({ ...form, due: "2026-12-01", pull: true, mirror: " gold ", standing: true });
  expect(plan).toMatchObject({ mirror: "gold", standing: true });
  expect(plan.rules[0]).toMatchObject({ due: "2026-12-01", mode: "pull" });
  expect(planOf(form)).not.toHaveProperty("mirror");
});

test("a record never gets more people than there are, nor fewer than one more than at first", () => {
  const twice = { ...form, annotators: 2 };
  expect(mostOf({ ...twice, most: 9 })).toBe(3);
  expect(mostOf({ ...twice, most: 1 })).toBe(3);
  const people = ["a", "b", "c", "d", "e", "f"].map((name) => ({ name, in: true, weight: 1, cap: null }));
  expect(mostOf({ ...twice, people, most: 4 })).toBe(4);
});

test("how many records are shared cannot be told where some could not be assigned, and is none for one person", () => {
  const twenty = { ...form, preset: "own" as const, annotators: 2, share: 20 };
  expect(sharedOf(twenty, { records: 300, slots: 350, unassigned: [{ count: 10 }] })).toBeNull();
  const alone = { ...twenty, people: form.people.map((each, at) => ({ ...each, in: at === 0 })) };
  expect(sharedOf(alone, { records: 300, slots: 300, unassigned: [] })).toBe(0);
  expect(sharedOf({ ...twenty, annotators: 3 }, { records: 300, slots: 361, unassigned: [] })).toBeNull();
});

test("a filter's value is quoted where it is more than a word, and a score is a range", () => {
  expect(searchOf({ q: "", filters: { "metadata.by": ['An "a"'] } })).toBe('metadata.by:"An \\"a\\""');
  expect(searchOf({ q: "", filters: { score: ["0.2-0.5"], status: [] } })).toBe("score:[0.2 TO 0.5]");
  expect(searchOf({ q: "fox", filters: { status: ["Default"] } })).toBe("fox AND status:Default");
});
