/** The labels of a dataset as a form has them: what may not be, and what is in the way of saving. */

/** An empty text is none. */
export interface LabelContent {
  readonly name: string;
  readonly description: string;
  readonly colour: string;
  readonly shortcut: string;
}

export interface FormLabel extends LabelContent {
  /** Stays the same while the form is open. */
  readonly key: number;
  /** The name as it is stored; empty for a new one. */
  readonly stored: string;
}

export type LabelProblem = { kind: "empty" } | { kind: "twice"; name: string } | { kind: "keyTwice"; shortcut: string; one: string; other: string };

export function labelProblems(labels: readonly LabelContent[]): LabelProblem | null {
  const names = new Set<string>();
  const keys = new Map<string, string>();
  for (const { name, shortcut } of labels) {
    const trimmed = name.trim();
    if (!trimmed) return { kind: "empty" };
    if (names.has(trimmed)) return { kind: "twice", name: trimmed };
    names.add(trimmed);
    const other = shortcut ? keys.get(shortcut.toLowerCase()) : undefined;
    if (other !== undefined) return { kind: "keyTwice", shortcut, one: other, other: trimmed };
    if (shortcut) keys.set(shortcut.toLowerCase(), trimmed);
  }
  return null;
}

/** The labels as they were edited since `before`, with what others have changed since then: `now` is what is stored. */
export function mergedLabels(edited: readonly FormLabel[], before: readonly LabelContent[], now: readonly LabelContent[]): LabelContent[] {
  const was = new Map(before.map((each) => [each.name, each]));
  const is = new Map(now.map((each) => [each.name, each]));
  const kept = edited.flatMap((each): LabelContent[] => {
    const [old, current] = [was.get(each.stored), is.get(each.stored)];
    if (!old) return [contentOf(each)];
    if (!current) return sameLabels([each], [old]) ? [] : [contentOf(each)];
    const merged = (part: keyof LabelContent) => (each[part] === old[part] ? current[part] : each[part]);
    return [{ name: merged("name"), description: merged("description"), colour: merged("colour"), shortcut: merged("shortcut") }];
  });
  const known = new Set([...was.keys(), ...kept.map((each) => each.name.trim())]);
  return [...kept, ...now.filter((each) => !known.has(each.name)).map(contentOf)];
}

const contentOf = ({ name, description, colour, shortcut }: LabelContent): LabelContent => ({ name, description, colour, shortcut });

/** Would both be stored the same? */
export function sameLabels(one: readonly LabelContent[], other: readonly LabelContent[]): boolean {
  const contents = (labels: readonly LabelContent[]) => JSON.stringify(labels.map(({ name, description, colour, shortcut }) => [name, description, colour, shortcut]));
  return contents(one) === contents(other);
}

export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const copy = [...list];
  const [taken] = copy.splice(from, 1);
  if (taken !== undefined) copy.splice(Math.max(0, Math.min(copy.length, to)), 0, taken);
  return copy;
}
