import { expect, it } from "vitest";

import { type DatasetFigures, type Figures, attentionItems, peopleOf, type PersonFigures } from "./overview";

const NOW = Date.parse("2026-11-25T12:00:00Z");
const ago = (hours: number) => new Date(NOW - hours * 3_600_000).toISOString();

const person = (annotator: string, part: Partial<PersonFigures> = {}): PersonFigures => ({
  annotator, assigned: 10, done: 4, skipped: 0, last_active: ago(1), finish_at: ago(-20), member: true, held: 0, seen: null, ...part,
});
const figures = (people: PersonFigures[], part: Partial<DatasetFigures> = {}): Figures => ({
  datasets: [{ workspace: "team", name: "mail", open: 0, free: 0, in_conflict: 0, due: null, people, ...part }],
  members: ["ana", "ben", "cy"].map((username) => ({ workspace: "team", username, full_name: username })),
});
const kinds = (found: Figures) => attentionItems(found, NOW).map((each) => each.kind);

it("tells who works, who is idle, who has not begun and who has nothing left", () => {
  const found = figures([person("ana"), person("ben", { last_active: ago(30) }), person("dora", { last_active: null }), person("eve", { member: false })]);
  expect(peopleOf(found, NOW).map(({ name, state, left }) => [name, state, left])).toEqual([
    ["ana", "working", 6], ["ben", "idle", 6], ["cy", "out", 0], ["dora", "new", 6], ["eve", "gone", 6],
  ]);
});

it("nobody is out of work while places are open to them", () => {
  expect(peopleOf(figures([], { open: 3 }), NOW).map((each) => each.state)).toEqual(["new", "new", "new"]);
});

it("names leases of screens that are gone, not of those that are there", () => {
  const [lying] = attentionItems(figures(["ana", "ben", "cy"].map((name, at) => person(name, { held: 2, seen: ago(at) }))), NOW);
  expect(lying).toMatchObject({ kind: "stale", person: "ben", records: 2 });
  expect(kinds(figures([person("ana", { held: 2, seen: ago(0.05) }), person("ben"), person("cy")]))).toEqual([]);
});

it("sees a due date at risk by the pace of the slowest, or when it is near and no pace is known", () => {
  const team = (finish_at: string | null) => ["ana", "ben", "cy"].map((name) => person(name, { finish_at }));
  expect(kinds(figures(team(ago(-20)), { due: ago(-24) }))).toEqual([]);
  expect(kinds(figures(team(ago(-30)), { due: ago(-24) }))).toEqual(["late"]);
  expect(kinds(figures(team(null), { due: ago(-24) }))).toEqual(["late"]);
  expect(kinds(figures(team(null), { due: ago(-240) }))).toEqual([]);
  expect(kinds(figures(team(null), { due: ago(1) }))).toEqual(["overdue"]);
});

it("orders what is most pressing first", () => {
  const found = figures([person("ana", { held: 1, seen: ago(1) }), person("ben", { last_active: ago(50) }), person("eve", { member: false })], { due: ago(2), free: 3, in_conflict: 2 });
  expect(kinds(found)).toEqual(["stale", "overdue", "gone", "idle", "out", "free", "conflicts"]);
});

it("names those who have not begun what was given to them, together for each dataset", () => {
  const found = attentionItems(figures([person("ana"), person("ben", { last_active: null, done: 0 }), person("cy", { last_active: null, done: 0 }), person("dora", { last_active: null, assigned: 0, done: 0 })]), NOW);
  expect(found).toEqual([{ kind: "new", people: ["ben", "cy"], records: 20, workspace: "team", dataset: "mail" }]);
});
