/** Turns the bytes of a text file into text: finds its encoding, and decodes it a piece at a time. */

/** The encodings offered, by the names `TextDecoder` knows. */
export const ENCODINGS = [
  "utf-8", "utf-16le", "utf-16be", "windows-1252", "windows-1250", "iso-8859-2", "windows-1251", "koi8-r", "iso-8859-5", "windows-1253", "windows-1254", "windows-1255",
  "windows-1256", "iso-8859-6", "windows-1257", "windows-1258", "iso-8859-15", "macintosh", "shift_jis", "euc-jp", "iso-2022-jp", "gb18030", "big5", "euc-kr",
] as const;
export type Encoding = (typeof ENCODINGS)[number];

export const REPLACEMENT = "\uFFFD";
const SLICE = 1 << 20;
const SAMPLE = 1 << 15;

/** Encoding that spreadsheets write where the detector names the older standard: same letters, or nearly, and more characters. */
const WRITTEN_AS: Record<string, Encoding> = { "iso-8859-1": "windows-1252", "iso-8859-2": "windows-1250", "iso-8859-7": "windows-1253", "iso-8859-8": "windows-1255", "iso-8859-9": "windows-1254" };

/** Encoding that Windows writes where a language is spoken: decides between guesses that are nearly as good. */
const SPOKEN: Record<string, Encoding> = {
  bg: "windows-1251", ru: "windows-1251", sr: "windows-1251", uk: "windows-1251", cs: "windows-1250", hr: "windows-1250", hu: "windows-1250", pl: "windows-1250", ro: "windows-1250",
  sk: "windows-1250", sl: "windows-1250", el: "windows-1253", tr: "windows-1254", he: "windows-1255", ar: "windows-1256", fa: "windows-1256", et: "windows-1257", lt: "windows-1257",
  lv: "windows-1257", vi: "windows-1258", ja: "shift_jis", ko: "euc-kr", zh: "gb18030",
};
const NEARLY = 10;

export interface Detected {
  readonly encoding: Encoding;
  /** Not told by the bytes themselves, as by a mark at the beginning or by being valid UTF-8. */
  readonly guessed: boolean;
}

/** Finds the encoding of a whole file: UTF-8 is taken only if every byte of it fits. */
export async function detectEncoding(file: Blob, languages: readonly string[] = []): Promise<Detected> {
  const head = new Uint8Array(await file.slice(0, SLICE / 256).arrayBuffer());
  const marked = markOf(head) ?? wideOf(head);
  if (marked) return { encoding: marked, guessed: false };
  const strange = await notUtf8(file);
  return strange ? { encoding: await guessed(strange, languages), guessed: true } : { encoding: "utf-8", guessed: false };
}

function markOf(head: Uint8Array): Encoding | null {
  const begins = (...bytes: number[]) => bytes.every((each, at) => head[at] === each);
  if (begins(0xef, 0xbb, 0xbf)) return "utf-8";
  return begins(0xff, 0xfe) ? "utf-16le" : begins(0xfe, 0xff) ? "utf-16be" : null;
}

/** UTF-16 without a mark: every other byte of spaces, digits and separators is zero. */
function wideOf(head: Uint8Array): Encoding | null {
  const zeros = [0, 0];
  head.forEach((byte, at) => { if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1; });
  const [even = 0, odd = 0] = zeros;
  if (Math.max(even, odd) <= head.length / 16 || Math.min(even, odd) * 8 > Math.max(even, odd)) return null;
  return odd > even ? "utf-16le" : "utf-16be";
}

/** The first part that is not UTF-8. */
async function notUtf8(file: Blob): Promise<Uint8Array | null> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for (let start = 0; start < file.size || start === 0; start += SLICE) {
    const bytes = new Uint8Array(await file.slice(start, start + SLICE).arrayBuffer());
    try {
      decoder.decode(bytes, { stream: start + SLICE < file.size });
    } catch {
      // a character may have begun in the slice before
      return new Uint8Array(await file.slice(Math.max(0, start - 4), start + SLICE).arrayBuffer());
    }
  }
  return null;
}

async function guessed(bytes: Uint8Array, languages: readonly string[]): Promise<Encoding> {
  const { analyse } = await import("chardet");
  const sample = strangeLines(bytes);
  const found = analyse(sample)
    .map(({ name, confidence }) => ({ encoding: WRITTEN_AS[name.toLowerCase()] ?? name.toLowerCase(), confidence }))
    .filter((each): each is { encoding: Encoding; confidence: number } => isOffered(each.encoding) && fits(sample, each.encoding));
  const best = found.reduce((most, each) => Math.max(most, each.confidence), 0);
  const near = found.filter((each) => each.confidence >= best - NEARLY).map((each) => each.encoding);
  const spoken = languages.map((each) => SPOKEN[each.toLowerCase().split("-")[0] ?? ""] ?? "windows-1252");
  return spoken.find((each) => near.includes(each)) ?? found[0]?.encoding ?? "windows-1252";
}

const isOffered = (name: string): name is Encoding => name !== "utf-8" && (ENCODINGS as readonly string[]).includes(name);

function fits(sample: Uint8Array, encoding: Encoding): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(sample, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** The lines with more than ASCII, which alone tell encodings apart. */
function strangeLines(bytes: Uint8Array): Uint8Array {
  const sample: number[] = [];
  for (let start = 0; start < bytes.length && sample.length < SAMPLE; ) {
    const newline = bytes.indexOf(10, start);
    const end = Math.min(newline < 0 ? bytes.length : newline + 1, start + SAMPLE);
    const line = bytes.subarray(start, end);
    if (line.some((byte) => byte > 127 || byte === 27)) sample.push(...line); // 27 begins a change of alphabets in ISO-2022
    start = end;
  }
  return Uint8Array.from(sample);
}

/** A piece of a file's text, and how much of the file is behind it. */
export interface Piece {
  readonly text: string;
  readonly share: number;
  readonly last: boolean;
}

/** Decodes a file; characters that lie across two slices stay whole. */
export async function* decoded(file: Blob, encoding: Encoding, slice = SLICE / 2): AsyncGenerator<Piece> {
  const decoder = new TextDecoder(encoding);
  for (let start = 0; start < file.size; start += slice) {
    const end = Math.min(file.size, start + slice);
    const last = end === file.size;
    yield { text: decoder.decode(await file.slice(start, end).arrayBuffer(), { stream: !last }), share: end / file.size, last };
  }
}
