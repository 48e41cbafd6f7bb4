/** Language of the app: the one chosen on this device, or else the first the browser prefers that there is. */

import { flat, i18n } from "./catalogue";
import type { Pseudo } from "./pseudo";
import { readWith } from "./translated";
import type { Language } from "./translations";

export const LANGUAGES = { en: "English", de: "Deutsch", es: "Español" } as const;
export type LanguageCode = keyof typeof LANGUAGES;

/** English is in the pages and needs no loading. */
const LOADERS: Partial<Record<string, () => Promise<{ default: Language }>>> = { de: () => import("./de"), es: () => import("./es") };
/** Translations of what the server says, which are needed less and later. */
const SERVER: Partial<Record<string, () => Promise<{ default: Parameters<typeof readWith>[0] }>>> = { de: () => import("./de/server"), es: () => import("./es/server") };
const PSEUDO: readonly string[] = ["en-XA", "ar-XB"] satisfies Pseudo[];
const KEPT = "apportion-language";
const RIGHT_TO_LEFT = /^(ar|fa|he|ur)(-|$)/;

export const isLanguage = (code: string): code is LanguageCode => Object.hasOwn(LANGUAGES, code);
const stem = (tag: string): string => tag.split("-")[0] ?? tag;

/** Return the language and the form of it, such as de-AT, by which numbers and dates are written. */
export function bestLanguage(chosen: string | null, preferred: readonly string[]): { code: string; form: string } {
  if (chosen && PSEUDO.includes(chosen)) return { code: chosen, form: "en" };
  const code = [...(chosen ? [chosen] : []), ...preferred.map(stem)].find(isLanguage) ?? "en";
  return { code, form: preferred.find((each) => stem(each) === code) ?? code };
}

function storage(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null; // refused by the browser's settings
  }
}

/** Return the language chosen on this device; null follows the browser. */
export function chosenLanguage(): string | null {
  return storage()?.getItem(KEPT) ?? null;
}

export function keepLanguage(code: LanguageCode | null): void {
  if (code) storage()?.setItem(KEPT, code);
  else storage()?.removeItem(KEPT);
}

export function writingDirection(): "ltr" | "rtl" {
  return RIGHT_TO_LEFT.test(i18n.locale) ? "rtl" : "ltr";
}

/** Activate the language before anything is painted; done at once where nothing is to be loaded. */
export function startLanguage(): Promise<void> | undefined {
  const { code, form } = bestLanguage(chosenLanguage(), navigator.languages);
  const loading = PSEUDO.includes(code)
    ? import("./pseudo").then(({ startPseudo }) => { startPseudo(code as Pseudo); })
    : LOADERS[code]?.().then(({ default: language }) => { i18n.load(code, flat(language)); });
  // a language that cannot be loaded is no reason to show nothing
  if (loading) return loading.then(() => { activate(code, form); }, () => { activate("en", "en"); });
  activate(code, form);
  return undefined;
}

function activate(code: string, form: string): void {
  i18n.activate(code, form);
  document.documentElement.lang = code;
  document.documentElement.dir = writingDirection();
  // without them the server's English is shown
  void SERVER[code]?.().then((found) => { readWith(found.default); }, () => undefined);
}
