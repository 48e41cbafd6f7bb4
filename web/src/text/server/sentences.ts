/**
 * Sentences of the server in the language of the app. The server says them in English, as programs and notebooks read
 * them too; `messages.json` lists its messages, written anew from its source by `make schema`. A sentence is found by the
 * words of its message, and what was filled in is filled in again.
 */

import { n } from "@/text/format";

/** Translations of one language. */
export interface ServerTexts {
  /** By English message; what is filled in stands in braces. */
  readonly messages: Readonly<Record<string, string>>;
  /** Nouns beside a number: one and many. */
  readonly nouns: Readonly<Record<string, readonly [string, string]>>;
  /** Words that are filled in. */
  readonly words: Readonly<Record<string, string>>;
}

interface Pattern {
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly text: string;
}

const PLACEHOLDER = /\{(\w+)\}/g;
/** Between two sentences. */
const SENTENCES = /(?<=\.) (?=\p{Lu})/u;
const PLURALS: Readonly<Record<string, string>> = { people: "person", "eligible people": "eligible person", "people are eligible": "person is eligible" };
/** Verbs that only English puts to a number. */
const VERBS: readonly string[] = ["is", "are", "has", "have"];
/** Messages within messages; a fragment deeper than this is a name. */
const DEEPEST = 3;

/** Reader of the server's sentences in one language. */
export class ServerSentences {
  private readonly patterns: readonly Pattern[];

  constructor(private readonly texts: ServerTexts) {
    this.patterns = Object.entries(texts.messages)
      .filter(([message]) => message.search(PLACEHOLDER) >= 0)
      .map(([message, text]) => ({ message, text, words: message.replace(PLACEHOLDER, "").length }))
      // the one with the most words of its own is meant
      .sort((one, other) => other.words - one.words)
      .map(({ message, text }) => ({
        pattern: new RegExp(`^${message.split(PLACEHOLDER).map((part, at) => (at % 2 ? "(.*?)" : part.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&"))).join("")}$`, "s"),
        names: [...message.matchAll(PLACEHOLDER)].map(([, name = ""]) => name),
        text,
      }));
  }

  /** Return the sentence in this language; as it is where it is not known. */
  of(sentence: string): string {
    return this.found(sentence, 0) ?? sentence.split(SENTENCES).map((each) => this.found(each, 0) ?? each).join(" ");
  }

  private found(sentence: string, depth: number): string | null {
    const own = (of: Readonly<Record<string, string>>) => (Object.hasOwn(of, sentence) ? (of[sentence] ?? null) : null);
    const known = own(this.texts.messages) ?? own(this.texts.words) ?? this.counted(sentence);
    if (known !== null || depth === DEEPEST) return known;
    for (const { pattern, names, text } of this.patterns) {
      const match = pattern.exec(sentence);
      if (!match) continue;
      const values = new Map(names.map((name, at) => [name, match[at + 1] ?? ""]));
      return text.replace(PLACEHOLDER, (written, name: string) => {
        const value = values.get(name);
        return value === undefined ? written : (this.found(value, depth + 1) ?? value);
      });
    }
    return null;
  }

  /** A number with its noun. */
  private counted(sentence: string): string | null {
    const [, number = "", noun = ""] = /^([\d,]+) ([a-z ]+)$/.exec(sentence) ?? [];
    if (VERBS.includes(noun)) return n(Number(number.replaceAll(",", "")));
    const one = this.texts.nouns[PLURALS[noun] ?? noun] ?? this.texts.nouns[noun.replace(/s$/, "")];
    if (!one) return null;
    const count = Number(number.replaceAll(",", ""));
    return `${n(count)} ${one[count === 1 ? 0 : 1]}`;
  }
}
