import { describe, expect, it } from "vitest";

import { COMPILED, flat, i18n, sources } from "./catalogue";
import german from "./de";
import spanish from "./es";

import.meta.glob(["./*.ts", "!./*.test.ts"], { eager: true });

const LANGUAGES = { de: german, es: spanish };

/** Texts that are the same in other languages: names, signs, examples of searches, and words taken over. */
const SAME = /^(?:app\.app|app\.tasks|app\.agreement\.measures|tools\.find\.examples\.\d+\.0|files\.encodings|rules\.draft\.name$|team\.assign\.searchHint)/;

const english = flat(sources);

/** The names in a compiled message, with how each is shown. */
function placeholders(text: string): string[] {
  if (!text.startsWith(COMPILED)) return [];
  const found = new Set<string>();
  const walk = (tokens: readonly unknown[]): void => {
    for (const token of tokens) {
      if (!Array.isArray(token)) continue;
      const [name, , cases] = token as [string, string?, Record<string, unknown[]>?];
      found.add(name);
      if (typeof cases === "object") Object.values(cases).filter(Array.isArray).forEach(walk);
    }
  };
  walk(JSON.parse(text.slice(COMPILED.length)) as unknown[]);
  return [...found].sort();
}

/** Text without what is filled in. */
function words(text: string): string {
  if (!text.startsWith(COMPILED)) return text;
  return (JSON.parse(text.slice(COMPILED.length)) as unknown[]).filter((token) => typeof token === "string").join("");
}

function pluralCases(text: string): string[][] {
  return [...text.matchAll(/\["\w+","plural",(\{.*?\})\]/g)].map(([, cases]) => [...(cases ?? "").matchAll(/"(zero|one|two|few|many|other)":/g)].map(([, name]) => name ?? ""));
}

describe.each(Object.entries(LANGUAGES))("%s", (code, language) => {
  const texts = flat(language);

  it("has a text for each of the English ones, and no other", () => {
    expect(Object.keys(texts).sort()).toEqual(Object.keys(english).sort());
    expect(Object.entries(texts).filter(([id, text]) => !text.trim() !== !english[id]?.trim())).toEqual([]);
  });

  it("fills in the same values", () => {
    const different = Object.keys(texts).filter((id) => !id.startsWith("audit.sentences") && placeholders(texts[id] ?? "").join() !== placeholders(english[id] ?? "").join());
    expect(different.map((id) => [id, placeholders(texts[id] ?? ""), placeholders(english[id] ?? "")])).toEqual([]);
  });

  it("has the plural forms of its grammar", () => {
    const allowed = new Set(new Intl.PluralRules(code).resolvedOptions().pluralCategories);
    const wrong = Object.entries(texts).filter(([, text]) => pluralCases(text).some((cases) => !cases.includes("other") || cases.some((each) => !allowed.has(each as Intl.LDMLPluralRule))));
    expect(wrong).toEqual([]);
  });

  it("leaves no English but names", () => {
    const left = Object.entries(texts).filter(([id, text]) => text === english[id] && !SAME.test(id) && /\p{L}{3}.*\s.*\p{L}{3}/u.test(words(text)));
    expect(left.map(([id, text]) => `${id}: ${text}`)).toEqual([]);
  });

  it("writes numbers its own way", () => {
    i18n.activate(code);
    expect(i18n.number(1234567.5)).toBe("1.234.567,5");
    i18n.activate("en");
  });
});
