/** Explanations of predictions: how much each token of a text spoke for a label, laid onto the text. */

import type { Span, Suggestion } from "./model";

/** A token of a model, and how much it speaks for each label (above 0) or against it. */
export interface Attribution {
  readonly token: string;
  readonly attributions?: Readonly<Record<string, number>>;
}

/** By name of the field. */
export type Explanation = Readonly<Record<string, readonly Attribution[]>>;

/** Strength with which a token is shown, from 0 to 100: on a log scale, so that small ones are told from none. */
export function strengthOf(attribution: number): number {
  const percent = Math.min(100, Math.round(100 * Math.abs(attribution)));
  return percent === 0 ? 0 : Math.round((100 * Math.log10(percent)) / 2);
}

/** The labels that tokens speak of, those predicted first, the likeliest of all before the others. */
export function explainedLabels(tokens: readonly Attribution[], suggestions: readonly Suggestion[]): readonly string[] {
  const known = new Set(tokens.flatMap((each) => Object.keys(each.attributions ?? {})));
  const predicted = suggestions.flatMap((each) => each.labels).toSorted((one, other) => other.score - one.score);
  return [...new Set([...predicted.map((each) => each.label), ...known])].filter((each) => known.has(each));
}

export interface Explained {
  readonly text: string;
  /** Position of each token that speaks for or against the label; how much is its score. */
  readonly spans: readonly Span[];
}

/** Marks models put in front of pieces of words and of words. */
const MARKS = /^(?:##|▁|Ġ)+|<\/w>$/g;

/**
 * The text with its tokens found in it one after the other; where one is not in the text, as `[CLS]` is not, the tokens
 * stand in its place.
 */
export function explain(text: string, tokens: readonly Attribution[], label: string): Explained {
  const found = located(text, tokens.map((each) => each.token)) ?? inTurn(tokens.map((each) => each.token));
  const spans = tokens.flatMap(({ attributions }, at) => {
    const place = found.places[at];
    const score = attributions?.[label];
    return place && score !== undefined && place.end > place.start ? [{ ...place, label, score }] : [];
  });
  return { text: found.text, spans };
}

interface Places {
  readonly text: string;
  readonly places: readonly { readonly start: number; readonly end: number }[];
}

function located(text: string, tokens: readonly string[]): Places | null {
  const folded = text.toLowerCase();
  if (folded.length !== text.length) return null; // positions would be others
  const places: { start: number; end: number }[] = [];
  let from = 0;
  for (const each of tokens) {
    const word = each.replace(MARKS, "").toLowerCase();
    const start = folded.indexOf(word, from);
    // a token further on is another one: between two there is nothing but white space
    if (start < 0 || text.slice(from, start).trim() !== "") return null;
    from = start + word.length;
    places.push({ start, end: from });
  }
  return { text, places };
}

function inTurn(tokens: readonly string[]): Places {
  let start = 0;
  const places = tokens.map((each) => {
    const place = { start, end: start + each.length };
    start = place.end + 1;
    return place;
  });
  return { text: tokens.join(" "), places };
}
