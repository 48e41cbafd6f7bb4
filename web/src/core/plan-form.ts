/** Form of the Assign dialog, and the plan it comes to. */

import type { PlanSpec } from "@/api/shapes";

import type { View } from "./view";

export const PRESETS = ["even", "everyone", "double", "own"] as const;
export type Preset = (typeof PRESETS)[number];
export type RecordsChoice = "all" | "free" | "search";

export interface PlanForm {
  readonly what: RecordsChoice;
  readonly search: string;
  /** Those who take part, in the order of the team; weight and cap where they were asked for. */
  readonly people: readonly { readonly name: string; readonly in: boolean; readonly weight: number; readonly cap: number | null }[];
  readonly preset: Preset;
  readonly annotators: number;
  /** Percent of the records that go to several people; the rest to one. */
  readonly share: number;
  readonly anchors: number;
  readonly blind: boolean;
  readonly standing: boolean;
  readonly pull: boolean;
  /** One more person where the answers differ, up to so many in all. */
  readonly adaptive: boolean;
  readonly most: number;
  /** Records with a known value among the others: so many percent of what everybody gets. */
  readonly checks: boolean;
  readonly checkShare: number;
  /** True if people learn the known value once they have answered. */
  readonly feedback: boolean;
  readonly mirror: string;
  readonly due: string;
  readonly seed: number;
}

/** Nobody has them yet. */
export const FREE = "NOT _exists_:assigned_to";

/** Form that the dialog begins with; where something is assigned already, with what nobody has yet. */
export function firstForm(people: readonly string[], search: string, seed: number, begun = false): PlanForm {
  return {
    what: search ? "search" : begun ? "free" : "all",
    search,
    people: people.map((name) => ({ name, in: true, weight: 1, cap: null })),
    preset: "even",
    ...OVERLAPS.even,
    blind: true,
    standing: false,
    pull: false,
    adaptive: false,
    most: 5,
    checks: false,
    checkShare: 10,
    feedback: false,
    mirror: "",
    due: "",
    seed,
  };
}

/** Settings of the presets with a fixed meaning. */
export const OVERLAPS = {
  even: { annotators: 1, share: 100, anchors: 0 },
  everyone: { annotators: 1, share: 100, anchors: 0 },
  double: { annotators: 2, share: 20, anchors: 10 },
} as const;

export function whereOf(form: Pick<PlanForm, "what" | "search">): string {
  return form.what === "all" ? "" : form.what === "free" ? FREE : form.search.trim();
}

/** True if people can differ on a record while somebody is left to ask. */
export function mayAskMore(form: PlanForm): boolean {
  const people = form.people.filter((each) => each.in).length;
  return form.preset !== "everyone" && form.annotators > 1 && form.annotators < people;
}

/** Checks are among what people have, and only where nobody can look up what others answered. */
export const mayCheck = (form: Pick<PlanForm, "blind" | "pull">) => form.blind && !form.pull;

/** Number of people that a record may have in all: one more than at first at least, and no more than there are. */
export function mostOf(form: PlanForm): number {
  return Math.min(form.people.filter((each) => each.in).length, Math.max(form.most, form.annotators + 1));
}

export function planOf(form: PlanForm): PlanSpec {
  const where = whereOf(form);
  const users = form.people
    .filter((each) => each.in)
    .map(({ name, weight, cap }) =>
      weight === 1 && cap === null ? name : { user: name, ...(weight === 1 ? {} : { weight }), ...(cap === null ? {} : { cap }) },
    );
  const overlap =
    form.preset === "everyone"
      ? "all"
      : form.share === 100 || form.annotators === 1
        ? form.annotators
        : { annotators: form.annotators, share: form.share / 100 };
  const anchors = form.preset === "everyone" ? 0 : form.anchors;
  return {
    rules: [
      {
        ...(where ? { where } : {}),
        users,
        overlap,
        ...(anchors ? { anchors } : {}),
        mode: form.pull ? "pull" : "push",
        ...(form.due ? { due: form.due } : {}),
      },
    ],
    seed: form.seed,
    blind: form.blind,
    standing: form.standing,
    ...(form.adaptive && mayAskMore(form) ? { adaptive: { max: mostOf(form) } } : {}),
    ...(form.checks && mayCheck(form) ? { checks: { share: form.checkShare / 100, feedback: form.feedback } } : {}),
    ...(form.mirror.trim() ? { mirror: form.mirror.trim() } : {}),
  };
}

/** Number of records that more than one person gets; null where that cannot be told from the counts. */
export function sharedOf(form: PlanForm, found: { records: number; slots: number; unassigned: readonly { count: number }[] }): number | null {
  const people = form.people.filter((each) => each.in).length;
  if (people < 2) return 0;
  if (planOf(form).checks) return null; // they are among the slots and the records
  if (form.preset === "everyone") return found.records;
  if (found.unassigned.length) return null;
  const anchors = Math.min(form.anchors, found.records);
  if (form.annotators === 1) return anchors;
  const shared = anchors + (found.slots - found.records - anchors * (people - 1)) / (form.annotators - 1);
  return Number.isInteger(shared) ? shared : null;
}

const quoted = (text: string) => (/^[\p{L}\p{N}_]+$/u.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`);

/** A list's search and filters as one search, which a plan can keep. */
export function searchOf(view: Pick<View, "q" | "filters">): string {
  const parts = view.q.trim() ? [view.q.trim()] : [];
  for (const [name, values] of Object.entries(view.filters)) {
    if (!values.length) continue;
    if (name === "score") parts.push(`score:[${(values[0] ?? "0-1").replace("-", " TO ")}]`);
    else parts.push(values.length === 1 ? `${name}:${quoted(values[0] ?? "")}` : `${name}:(${values.map(quoted).join(" OR ")})`);
  }
  return parts.length > 1 ? parts.map((each) => (/ (OR|AND) |^NOT /.test(each) && each === view.q.trim() ? `(${each})` : each)).join(" AND ") : (parts[0] ?? "");
}
