/** The labels of a dataset as a form has them: what may not be, and what is in the way of saving. */

export interface FormLabel {
  /** Stays the same while the form is open. */
  readonly key: number;
  /** As it is stored; empty for a new one. */
  readonly stored: string;
  readonly name: string;
  readonly description: string;
  readonly colour: string;
  readonly shortcut: string;
}

export type LabelProblem = { kind: "empty" } | { kind: "twice"; name: string } | { kind: "keyTwice"; shortcut: string; one: string; other: string };

export function labelProblems(labels: readonly FormLabel[]): LabelProblem | null {
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

/** Would both be stored the same? */
export function sameLabels(one: readonly FormLabel[], other: readonly FormLabel[]): boolean {
  const contents = (labels: readonly FormLabel[]) => JSON.stringify(labels.map(({ name, description, colour, shortcut }) => [name, description, colour, shortcut]));
  return contents(one) === contents(other);
}

export function moved<T>(list: readonly T[], from: number, to: number): T[] {
  const copy = [...list];
  const [taken] = copy.splice(from, 1);
  if (taken !== undefined) copy.splice(Math.max(0, Math.min(copy.length, to)), 0, taken);
  return copy;
}
