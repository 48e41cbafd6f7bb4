import { expect, test } from "vitest";

import { firstForm, mayAskMore, OVERLAPS, planOf, searchOf, sharedOf } from "./plan-form";

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
