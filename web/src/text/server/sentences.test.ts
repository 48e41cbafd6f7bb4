import { afterEach, describe, expect, it } from "vitest";

import german from "@/text/de/server";
import spanish from "@/text/es/server";
import { readWith, translated } from "@/text/translated";

import messages from "./messages.json";
import type { ServerSentences} from "./sentences";
import { type ServerTexts } from "./sentences";

const LANGUAGES = { de: german, es: spanish };
const textsOf = (language: ServerSentences) => (language as unknown as { texts: ServerTexts }).texts;
const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([each]) => each).sort();
/** Placeholders of words that only English needs. */
const LEFT_OUT = ["{have}", "{value}"];

describe.each(Object.entries(LANGUAGES))("sentences of the server: %s", (_, language) => {
  const { messages: translated, nouns } = textsOf(language);

  it("has a translation of each message, and no other", () => {
    expect(Object.keys(translated).sort()).toEqual([...messages].sort());
    expect(Object.entries(translated).filter(([message, text]) => !text.trim() || text === message)).toEqual([]);
  });

  it("fills in the same values", () => {
    const kept = (text: string) => placeholders(text).filter((each) => !LEFT_OUT.includes(each));
    expect(Object.entries(translated).filter(([message, text]) => kept(message).join() !== kept(text).join())).toEqual([]);
  });

  it("says every message when it is filled in", () => {
    const filled = (text: string) => text.replace(/\{(\w+)\}/g, "‹$1›");
    const wrong = messages.filter((message) => {
      const found = language.of(filled(message));
      return found !== filled(translated[message as keyof typeof translated] ?? "");
    });
    expect(wrong).toEqual([]);
  });

  it("ends where the English does", () => {
    const end = (text: string) => /[.;,]?$/.exec(text)?.[0];
    expect(Object.entries(translated).filter(([message, text]) => end(message) !== end(text))).toEqual([]);
  });

  it("has nouns for one and many", () => {
    expect(Object.values(nouns).every(([one, many]) => one && many)).toBe(true);
  });
});

describe("a sentence of the server", () => {
  afterEach(() => { readWith(null); });

  it("is said as it is in English, and where it is not known", () => {
    expect(translated("Dataset a is closed. Open it first.")).toBe("Dataset a is closed. Open it first.");
    readWith(german);
    expect(translated("Something new happened to a.")).toBe("Something new happened to a.");
    expect(translated("")).toBe("");
  });

  it("is translated one by one, with what is filled in", () => {
    readWith(german);
    expect(translated("Dataset a.b is closed. Open it first.")).toBe("Das Dataset a.b ist geschlossen. Öffne es zuerst.");
    expect(translated("Something new. Nothing was changed.")).toBe("Something new. Es wurde nichts geändert.");
  });

  it("has what is filled in translated, too", () => {
    readWith(german);
    expect(translated("Operation not allowed: only managers of workspace team and administrators may assign records.")).toBe(
      "Nicht erlaubt – Einträge zuweisen: Das dürfen nur Leitung im Workspace team und Administration.",
    );
    expect(translated("3 records: only 1 eligible person")).toBe("3 Einträge: nur 1 geeignete Person");
    expect(translated("1,200 anchors wanted, but only 1 record can be answered by everyone")).toBe("gewünscht: 1,200 Ankereinträge; von allen beantwortet werden können nur 1 Eintrag");
    expect(translated("Can't answer this query: it stands for more than 5000 different values; make it more specific.")).toBe(
      "Diese Suche lässt sich nicht beantworten: das steht für mehr als 5000 verschiedene Werte; werde genauer.",
    );
    expect(translated("not enough shared records: 1 with answers by two or more people, at least 2 are needed")).toBe(
      "zu wenige gemeinsame Einträge: 1 mit Antworten von zwei oder mehr Personen, nötig sind mindestens 2",
    );
    readWith(spanish);
    expect(translated("2 people are eligible")).toBe("2 personas aptas");
  });
});
