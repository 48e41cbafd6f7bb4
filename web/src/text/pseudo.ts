/** Languages that nobody speaks, to see what longer texts and writing from the right do to the pages. */

import { COMPILED, english } from "./catalogue";

export const PSEUDO = ["en-XA", "ar-XB"] as const;
export type Pseudo = (typeof PSEUDO)[number];

const ACCENTS: Readonly<Record<string, string>> = { a: "å", e: "é", i: "î", o: "ö", u: "û", n: "ñ", s: "š", A: "Å", E: "É", O: "Ö", S: "Š", T: "Ţ" };

/** Return a text with accents, in brackets that show where one is cut off, half as long again. */
function lengthened(text: string): string {
  const accented = text.replace(/\p{L}/gu, (letter) => ACCENTS[letter] ?? letter);
  return text.trim() ? `⟦${accented}${" ~".repeat(Math.ceil(text.length / 4))}⟧` : text;
}

/** Return a text whose letters run from right to left, by marks that only change how it is shown. */
function mirrored(text: string): string {
  return text.replace(/\p{L}+/gu, (word) => `\u202E${word}\u202C`);
}

type Token = string | number | undefined | readonly Token[] | { readonly [key: string]: Token };

/** Change the texts of a compiled message, and none of its names, kinds and signs. */
function within(tokens: Token, change: (text: string) => string): Token {
  if (typeof tokens === "string") return tokens === "#" ? tokens : change(tokens);
  if (!Array.isArray(tokens)) return tokens;
  return (tokens as readonly Token[]).map((token) => {
    if (!Array.isArray(token)) return within(token, change);
    const [name, kind, cases] = token as readonly Token[];
    if (typeof cases !== "object") return token as Token;
    return [name, kind, Object.fromEntries(Object.entries(cases).map(([key, each]) => [key, within(each, change)]))];
  });
}

export function startPseudo(code: Pseudo): void {
  const change = code === "en-XA" ? lengthened : mirrored;
  english.show = (message) =>
    message.startsWith(COMPILED)
      ? COMPILED + JSON.stringify(within(JSON.parse(message.slice(COMPILED.length)) as Token, change))
      : change(message);
}
