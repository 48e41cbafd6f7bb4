/** Texts by key: written in English beside the pages they are for, shown in the language that is active. */

import { setupI18n } from "@lingui/core";

export const i18n = setupI18n({ locale: "en", messages: { en: {} } });

/** Messages with placeholders were compiled by `build-messages.ts`, to JSON behind this sign; the other texts stand for themselves. */
export const COMPILED = "\u0001";
type CompiledMessage = ReturnType<Parameters<typeof i18n.setMessagesCompiler>[0]>;
const read = new Map<string, CompiledMessage>();

i18n.setMessagesCompiler((message) => {
  if (!message.startsWith(COMPILED)) return [message];
  const known = read.get(message) ?? (JSON.parse(message.slice(COMPILED.length)) as CompiledMessage);
  read.set(message, known);
  return known;
});

/** Placeholders that hold a number; those of `Flag` hold a yes or no, all others a text. */
type Count =
  | "agreeing" | "all" | "answers" | "at" | "attempts" | "bad" | "changed" | "count" | "done" | "good" | "left" | "line" | "max"
  | "min" | "most" | "page" | "pages" | "people" | "percent" | "right" | "seconds" | "seed" | "shown" | "stored" | "total" | "version"
  | "waiting" | "wrong";
type Flag = "because" | "missed" | "own" | "unusable";

type Values<Names extends readonly string[]> = {
  -readonly [At in keyof Names]: Names[At] extends Count ? number : Names[At] extends Flag ? boolean : string;
};

class Message<Names extends readonly string[]> {
  constructor(
    readonly names: Names,
    readonly icu: string,
  ) {}
}

class Codes<Known extends object> {
  constructor(readonly known: Known) {}
}

/** A text with placeholders in ICU MessageFormat. Values are passed in the order of the names. */
export function msg<const Names extends readonly string[]>(names: Names, icu: string): Message<Names> {
  return new Message(names, icu);
}

/** Texts for codes of the server, which may be newer than this page and send others. */
export function codes<Known extends Readonly<Record<string, string>>>(known: Known): Codes<Known> {
  return new Codes(known);
}

declare const KNOWN: unique symbol;
type CodeTexts<Known> = Readonly<Known & Record<string, string>> & { readonly [KNOWN]: Known };

export type Texts<Source> = Source extends string
  ? string
  : Source extends Message<infer Names>
    ? (...values: Values<Names>) => string
    : Source extends Codes<infer Known>
      ? CodeTexts<Known>
      : { readonly [Key in keyof Source]: Texts<Source[Key]> };

/** Texts that a language must have: a text for each of these, and no other. */
export type Translation<Shown> = Shown extends string | ((...values: never[]) => string)
  ? string
  : Shown extends { readonly [KNOWN]: infer Known }
    ? { readonly [Code in keyof Known]: string }
    : { readonly [Key in keyof Shown]: Translation<Shown[Key]> };

/** Display of English. Only pseudo-languages change it. */
export const english = { show: (message: string): string => message };

/** The English texts of the pages that are loaded. */
export const sources: Record<string, object> = {};

/** Return the texts of a page. Each is looked up when it is read, under the path of its keys. */
export function texts<const Source extends object>(page: string, source: Source): Texts<Source> {
  sources[page] = source;
  return view(page, source) as Texts<Source>;
}

function view(path: string, tree: object): object {
  if (tree instanceof Message) return (...values: unknown[]) => look(path, tree.icu, named(tree.names as string[], values));
  const children = tree instanceof Codes ? (tree.known as object) : tree;
  const shown = Array.isArray(children) ? [] : {};
  for (const [key, child] of Object.entries(children) as [string, string | object][]) {
    const id = `${path}.${key}`;
    const value = typeof child === "string" ? null : view(id, child);
    const get = typeof child === "string" ? () => look(id, child) : () => value;
    Object.defineProperty(shown, key, { enumerable: true, get });
  }
  return shown;
}

function named(names: readonly string[], values: readonly unknown[]): Record<string, unknown> {
  return Object.fromEntries(names.map((name, at) => [name, values[at]]));
}

function look(id: string, message: string, values?: Record<string, unknown>): string {
  // the library takes an empty text for none and would show the key
  return message && i18n._(id, values ?? {}, { message: english.show(message) });
}

/** Return the texts of a language as the library keeps them, each under the path of its keys. */
export function flat(tree: object, path = "", into: Record<string, string> = {}): Record<string, string> {
  for (const [key, child] of Object.entries(tree) as [string, string | object][]) {
    const id = path ? `${path}.${key}` : key;
    if (typeof child === "string") into[id] = child;
    else if (child instanceof Message) into[id] = child.icu;
    else flat(child instanceof Codes ? (child.known as object) : child, id, into);
  }
  return into;
}
