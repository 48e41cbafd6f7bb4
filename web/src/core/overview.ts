/** Items that those who lead teams should look at first, from the figures of all their teams. */

export interface PersonFigures {
  readonly annotator: string;
  readonly assigned: number;
  readonly done: number;
  readonly skipped: number;
  readonly last_active: string | null;
  readonly finish_at: string | null;
  readonly member: boolean;
  readonly held: number;
  readonly seen: string | null;
}

export interface DatasetFigures {
  readonly workspace: string;
  readonly name: string;
  readonly open: number;
  readonly free: number;
  readonly in_conflict: number;
  readonly due: string | null;
  readonly people: readonly PersonFigures[];
}

export interface Figures {
  readonly datasets: readonly DatasetFigures[];
  readonly members: readonly { readonly workspace: string; readonly username: string; readonly full_name: string }[];
}

export type PersonState = "working" | "idle" | "new" | "out" | "gone";

/** Somebody over all datasets. */
export interface Person {
  readonly name: string;
  readonly state: PersonState;
  readonly left: number;
  readonly done: number;
  readonly assigned: number;
  readonly lastActive: string | null;
  readonly where: readonly { readonly workspace: string; readonly name: string; readonly left: number }[];
}

interface Where {
  readonly workspace: string;
  readonly dataset: string;
}

export type AttentionItem =
  | ({ kind: "stale"; person: string; records: number; seen: string } & Where)
  | ({ kind: "overdue"; due: string } & Where)
  | ({ kind: "late"; due: string; finish: string | null } & Where)
  | ({ kind: "gone"; person: string; records: number } & Where)
  | { kind: "idle"; person: string; records: number; lastActive: string; workspace: string; dataset: string }
  | ({ kind: "new"; people: readonly string[]; records: number } & Where)
  | { kind: "out"; people: readonly string[]; workspace: string }
  | ({ kind: "free"; records: number } & Where)
  | ({ kind: "conflicts"; records: number } & Where);

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** A screen renews its leases every minute; after five it is no longer there. */
const UNSEEN = 5 * MINUTE;
/** From when on a due date without any known pace is a matter. */
const SOON = 3 * DAY;

export const remainingOf = (each: Pick<PersonFigures, "assigned" | "done" | "skipped">) => Math.max(0, each.assigned - each.done - each.skipped);
const at = (time: string) => Date.parse(time);

export function peopleOf({ datasets, members }: Figures, now: number): Person[] {
  const names = new Set([...members.map((each) => each.username), ...datasets.flatMap((each) => each.people.map((person) => person.annotator))]);
  return [...names].sort((one, other) => one.localeCompare(other)).map((name) => {
    const mine = datasets.flatMap((dataset) => dataset.people.filter((each) => each.annotator === name).map((each) => ({ dataset, each })));
    const left = mine.reduce((sum, { each }) => sum + remainingOf(each), 0);
    const times = mine.map(({ each }) => each.last_active).filter((each) => each !== null);
    const lastActive = times.reduce<string | null>((latest, each) => (latest === null || at(each) > at(latest) ? each : latest), null);
    const waiting = datasets.some((each) => each.open > 0 && members.some((one) => one.username === name && one.workspace === each.workspace));
    const gone = left > 0 && mine.every(({ each }) => remainingOf(each) === 0 || !each.member);
    const assigned = mine.reduce((sum, { each }) => sum + each.assigned, 0);
    const state: PersonState = gone
      ? "gone"
      : left === 0 && !waiting
        ? "out"
        : lastActive === null
          ? "new"
          : now - at(lastActive) > DAY
            ? "idle"
            : "working";
    return {
      name,
      state,
      left,
      lastActive,
      done: mine.reduce((sum, { each }) => sum + each.done, 0),
      assigned,
      where: mine.filter(({ each }) => remainingOf(each) > 0).map(({ dataset, each }) => ({ workspace: dataset.workspace, name: dataset.name, left: remainingOf(each) })),
    };
  });
}

/** Time when the slowest of those with work left is done; "unknown" where somebody's pace cannot be told. */
function finishOf(dataset: DatasetFigures): string | "unknown" | null {
  const busy = dataset.people.filter((each) => remainingOf(each) > 0);
  if (!busy.length) return null;
  const known = busy.map((each) => each.finish_at).filter((each) => each !== null);
  const latest = known.reduce<string | null>((last, each) => (last === null || at(each) > at(last) ? each : last), null);
  return known.length < busy.length && (latest === null || (dataset.due !== null && at(latest) <= at(dataset.due))) ? "unknown" : latest;
}

/** Items that need attention, most pressing first. */
export function attentionItems(figures: Figures, now: number): AttentionItem[] {
  const found: Record<AttentionItem["kind"], AttentionItem[]> = { stale: [], overdue: [], late: [], gone: [], idle: [], new: [], out: [], free: [], conflicts: [] };
  for (const dataset of figures.datasets) {
    const where = { workspace: dataset.workspace, dataset: dataset.name };
    for (const each of dataset.people) {
      const left = remainingOf(each);
      if (each.held > 0 && each.seen !== null && now - at(each.seen) > UNSEEN) found.stale.push({ kind: "stale", person: each.annotator, records: each.held, seen: each.seen, ...where });
      if (left > 0 && !each.member) found.gone.push({ kind: "gone", person: each.annotator, records: left, ...where });
      else if (left > 0 && each.last_active !== null && now - at(each.last_active) > DAY) found.idle.push({ kind: "idle", person: each.annotator, records: left, lastActive: each.last_active, ...where });
    }
    const waiting = dataset.people.filter((each) => each.member && each.last_active === null && remainingOf(each) > 0);
    if (waiting.length) found.new.push({ kind: "new", people: waiting.map((each) => each.annotator), records: waiting.reduce((sum, each) => sum + remainingOf(each), 0), ...where });
    if (dataset.due !== null) {
      const finish = finishOf(dataset);
      if (at(dataset.due) < now) found.overdue.push({ kind: "overdue", due: dataset.due, ...where });
      else if (finish === "unknown" ? at(dataset.due) - now < SOON : finish !== null && at(finish) > at(dataset.due)) {
        found.late.push({ kind: "late", due: dataset.due, finish: finish === "unknown" ? null : finish, ...where });
      }
    }
    if (dataset.free > 0) found.free.push({ kind: "free", records: dataset.free, ...where });
    if (dataset.in_conflict > 0) found.conflicts.push({ kind: "conflicts", records: dataset.in_conflict, ...where });
  }
  const states = new Map(peopleOf(figures, now).map((each) => [each.name, each.state]));
  for (const workspace of new Set(figures.datasets.map((each) => each.workspace))) {
    const people = figures.members.filter((each) => each.workspace === workspace && states.get(each.username) === "out").map((each) => each.username);
    if (people.length) found.out.push({ kind: "out", people, workspace });
  }
  return Object.values(found).flat();
}
