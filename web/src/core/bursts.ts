/** Events in a row that belong together: somebody doing the same, one after the other, without a long pause. */

export interface Happened {
  readonly no: number;
  readonly who: string;
  readonly what: string;
  readonly record: string | null;
  readonly at: string;
  readonly detail?: Readonly<Record<string, unknown>> | null;
}

export interface Burst<Event extends Happened> {
  /** Newest first, as they came. */
  readonly events: readonly Event[];
  readonly who: string;
  readonly what: string;
  readonly records: number;
}

const PAUSE_MS = 30 * 60_000;
/** These are told one by one, whoever did them in a row. */
const ALONE = new Set(["commented", "assigned", "extended", "rebalanced", "moved", "withdrawn", "undone", "changed_policies", "changed_guidelines"]);

/** Skips with the same reason are one line. */
const reasonOf = (event: Happened) => (event.what === "skipped" ? (event.detail?.["reason"] ?? null) : null);

/** `events`: newest first. Two people who work at the same time have a burst each. */
export function burstsOf<Event extends Happened>(events: readonly Event[]): Burst<Event>[] {
  const found: { who: string; what: string; events: Event[]; last: number }[] = [];
  for (const event of events) {
    const at = Date.parse(event.at);
    const open = ALONE.has(event.what)
      ? undefined
      : found.find((each) => each.who === event.who && each.what === event.what && reasonOf(each.events[0] ?? event) === reasonOf(event) && each.last - at <= PAUSE_MS && event.record !== null);
    if (open) {
      open.events.push(event);
      open.last = at;
    } else found.push({ who: event.who, what: event.what, events: [event], last: at });
  }
  return found.map(({ who, what, events: all }) => ({ who, what, events: all, records: new Set(all.map((each) => each.record)).size }));
}
