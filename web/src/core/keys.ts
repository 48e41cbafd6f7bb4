/** Every key of the annotation screen. People may choose other ones; labels have the digits. */

export const ACTIONS = [
  "submit", "discard", "clear", "next", "previous", "undo", "redo", "accept", "reject", "predictions", "find-label",
  "skip", "flag", "similar", "search", "guidelines", "help", "sidebar",
] as const;
export type ActionName = (typeof ACTIONS)[number];

/** Keys of each action, for one person. */
export type Bindings = Readonly<Record<ActionName, readonly string[]>>;

/** A key is what `KeyboardEvent.key` says, with `Mod+` for Ctrl or Cmd. Several keys may do the same. */
export const KEYS: Bindings = {
  submit: ["Enter", "Mod+Enter"],
  discard: ["d"],
  clear: ["c"],
  next: ["n", "PageDown"],
  previous: ["p", "PageUp"],
  undo: ["Mod+z", "u"],
  redo: ["Mod+Shift+z", "Mod+y"],
  accept: ["a"],
  reject: ["x"],
  predictions: ["h"],
  "find-label": ["l"],
  skip: ["s"],
  flag: ["f"],
  similar: ["m"],
  search: ["/"],
  guidelines: ["g"],
  help: ["?"],
  sidebar: ["i"],
};

/** Actions that are about the screen, whatever lies on it. */
const SCREEN = ["search", "help", "sidebar", "guidelines", "flag", "predictions", "similar"] as const;
export type ScreenAction = (typeof SCREEN)[number];

export function isScreenAction(action: ActionName): action is ScreenAction {
  return (SCREEN as readonly string[]).includes(action);
}

export function keyOf(event: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const mod = event.ctrlKey || event.metaKey;
  if (event.altKey) return `Alt+${key}`;
  if (!mod) return key;
  return event.shiftKey ? `Mod+Shift+${key}` : `Mod+${key}`;
}

export function actionOf(key: string, bindings: Bindings = KEYS): ActionName | undefined {
  return ACTIONS.find((name) => bindings[name].includes(key));
}

/** Keys that mean something wherever they are pressed, or that choose labels. */
const TAKEN = /^(Tab|Escape|Arrow\w+|Home|End|Delete|Backspace|Shift|Control|Alt|Meta|AltGraph|CapsLock|Dead|Unidentified|\d| |Alt\+.*)$/;

/** May somebody choose this key for an action? */
export function mayBind(key: string): boolean {
  return !TAKEN.test(key);
}

/** The keys as somebody chose them; what was not chosen, or cannot be read, is as it comes. */
export function bindingsOf(chosen: Readonly<Record<string, unknown>> = {}): Bindings {
  const mine = (name: ActionName) => {
    const keys = chosen[name];
    return Array.isArray(keys) ? keys.filter((each): each is string => typeof each === "string" && mayBind(each)) : KEYS[name];
  };
  return Object.fromEntries(ACTIONS.map((name) => [name, mine(name)])) as unknown as Bindings;
}

/** An action gets one key of its own beside those with Ctrl or Cmd; whatever had that key loses it. */
export function bind(bindings: Bindings, action: ActionName, key: string): Bindings {
  const without = Object.fromEntries(ACTIONS.map((name) => [name, bindings[name].filter((each) => each !== key)]));
  const held = key.startsWith("Mod+") ? [] : bindings[action].filter((each) => each.startsWith("Mod+"));
  const first = bindings[action][0]?.startsWith("Mod+") ?? false;
  return { ...without, [action]: first ? [...held, key] : [key, ...held] } as unknown as Bindings;
}

/** Index, among ten things, of the one a digit stands for. */
export function labelNumber(key: string): number | undefined {
  if (!/^\d$/.test(key)) return undefined;
  return key === "0" ? 9 : Number(key) - 1;
}

/** 1 to 9 for the first nine labels, 0 for the tenth. */
function digit(index: number): string | undefined {
  return index < 9 ? String(index + 1) : index === 9 ? "0" : undefined;
}

const LETTERS = [..."abcdefghijklmnopqrstuvwxyz"];
const SHIFTED = Array.from({ length: 10 }, (_, at) => `Shift+${digit(at) ?? ""}`);

/** The digit pressed with Shift, whatever sign the layout has there. */
export function shiftedDigit({ code, shiftKey, ctrlKey, metaKey, altKey }: Pick<KeyboardEvent, "code" | "shiftKey" | "ctrlKey" | "metaKey" | "altKey">): string | undefined {
  const found = shiftKey && !ctrlKey && !metaKey && !altKey ? /^Digit(\d)$/.exec(code)?.[1] : undefined;
  return found === undefined ? undefined : `Shift+${found}`;
}

/**
 * The key of each label: the one its dataset says unless an action has it, else the digit of its place unless
 * another label has that. Labels beyond the tenth get the letters that nothing else has, then digits with Shift.
 */
export function labelKeys(labels: readonly { readonly shortcut?: string }[], bindings: Bindings, beyond = true): (string | undefined)[] {
  const used = new Set<string>();
  const chosen = labels.map(({ shortcut }) => {
    const key = shortcut?.trim().toLowerCase();
    if (!key || key.length !== 1 || key === " " || actionOf(key, bindings) || used.has(key)) return undefined;
    used.add(key);
    return key;
  });
  const free = beyond ? [...LETTERS.filter((each) => !actionOf(each, bindings) && !used.has(each)), ...SHIFTED] : [];
  return chosen.map((key, at) => {
    if (key !== undefined) return key;
    const place = digit(at);
    return place !== undefined && !used.has(place) ? place : at > 9 ? free.shift() : undefined;
  });
}

/** Key as it is printed. */
export function printKey(key: string, mac: boolean): string {
  const names: Record<string, string> = { Enter: "↵", PageDown: "Page ↓", PageUp: "Page ↑", Delete: "Del", " ": "Space", ArrowLeft: "←", ArrowRight: "→" };
  return key
    .split("+")
    .map((part) => (part === "Mod" ? (mac ? "⌘" : "Ctrl") : (names[part] ?? (part.length === 1 ? part.toUpperCase() : part))))
    .join(mac ? "" : "+");
}
