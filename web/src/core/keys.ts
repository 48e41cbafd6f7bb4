/** Every key of the annotation screen. People may choose other ones; labels have the digits. */

export const ACTIONS = [
  "submit", "discard", "clear", "next", "previous", "undo", "redo", "accept", "find-label", "skip", "flag",
  "search", "guidelines", "help", "sidebar",
] as const;
export type ActionName = (typeof ACTIONS)[number];

/** A key is what `KeyboardEvent.key` says, with `Mod+` for Ctrl or Cmd. Several keys may do the same. */
export const KEYS: Readonly<Record<ActionName, readonly string[]>> = {
  submit: ["Enter", "Mod+Enter"],
  discard: ["d"],
  clear: ["c"],
  next: ["n", "PageDown"],
  previous: ["p", "PageUp"],
  undo: ["Mod+z", "u"],
  redo: ["Mod+Shift+z", "Mod+y"],
  accept: ["a"],
  "find-label": ["l"],
  skip: ["s"],
  flag: ["f"],
  search: ["/"],
  guidelines: ["g"],
  help: ["?"],
  sidebar: ["i"],
};

/** Actions that are about the screen, whatever lies on it. */
export type ScreenAction = "search" | "help" | "sidebar" | "guidelines" | "flag";

export function isScreenAction(action: ActionName): action is ScreenAction {
  return ["search", "help", "sidebar", "guidelines", "flag"].includes(action);
}

export function keyOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const mod = event.ctrlKey || event.metaKey;
  if (event.altKey) return `Alt+${key}`;
  if (!mod) return key;
  return event.shiftKey ? `Mod+Shift+${key}` : `Mod+${key}`;
}

export function actionOf(key: string): ActionName | undefined {
  return ACTIONS.find((name) => KEYS[name].includes(key));
}

/** 1 to 9 for the first nine labels, 0 for the tenth. */
export function labelNumber(key: string): number | undefined {
  if (!/^\d$/.test(key)) return undefined;
  return key === "0" ? 9 : Number(key) - 1;
}

/** The key of a label by its place in the list; nothing beyond the tenth. */
export function labelKey(index: number): string | undefined {
  return index < 9 ? String(index + 1) : index === 9 ? "0" : undefined;
}

/** How a key is printed. */
export function printKey(key: string, mac: boolean): string {
  const names: Record<string, string> = { Enter: "↵", PageDown: "Page ↓", PageUp: "Page ↑", Delete: "Del" };
  return key
    .split("+")
    .map((part) => (part === "Mod" ? (mac ? "⌘" : "Ctrl") : (names[part] ?? (part.length === 1 ? part.toUpperCase() : part))))
    .join(mac ? "" : "+");
}
