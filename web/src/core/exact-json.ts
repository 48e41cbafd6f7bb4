/** JSON whose whole numbers may be larger than a browser can count, such as ids of tweets. */

interface Context {
  source?: string;
}
type Reviver = (key: string, value: unknown, context?: Context) => unknown;
const RAW = (JSON as { rawJSON?: (source: string) => unknown }).rawJSON;
const LARGE = /[:[,]\s*-?\d{16,}/;

/** To read: numbers that would come out changed become text. */
export function parseToRead(text: string): unknown {
  return parse(text, (source) => source);
}

/** To send back: numbers that would come out changed are kept as they were written. */
export function parseToEcho(text: string): unknown {
  return parse(text, (source, key) => (key === "id" || !RAW ? source : RAW(source)));
}

function parse(text: string, large: (source: string, key: string) => unknown): unknown {
  if (!LARGE.test(text)) return JSON.parse(text);
  const revive: Reviver = (key, value, context) =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "")
      ? large(context?.source ?? "", key)
      : value;
  return JSON.parse(text, revive as (this: unknown, key: string, value: unknown) => unknown);
}
