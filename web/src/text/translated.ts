/** Sentences that the server says in English, in the language of the app once its translations are there. */

interface Reader { readonly of: (sentence: string) => string }

let reader: Reader | null = null;

/** From now on sentences are read so; null leaves them as the server says them. */
export function readWith(found: Reader | null): void {
  reader = found;
}

/** Return a sentence of the server in the language of the app. */
export function translated(sentence: string): string {
  return reader?.of(sentence) ?? sentence;
}
