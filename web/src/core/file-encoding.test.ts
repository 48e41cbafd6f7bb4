// @vitest-environment jsdom
import { expect, it } from "vitest";

import { decoded, detectEncoding, ENCODINGS, type Encoding } from "./file-encoding";

/** Bytes of a text in an encoding of one byte a character. */
function bytes(text: string, encoding: Encoding): Uint8Array<ArrayBuffer> {
  const decoder = new TextDecoder(encoding);
  const known = new Map(Array.from({ length: 256 }, (_, byte) => [decoder.decode(Uint8Array.of(byte)), byte]));
  return Uint8Array.from(text, (each) => known.get(each) ?? 63);
}
const wide = (text: string, big: boolean) => Uint8Array.from(Array.from({ length: text.length }, (_, at) => text.charCodeAt(at)).flatMap((unit) => (big ? [unit >> 8, unit & 255] : [unit & 255, unit >> 8])));

async function read(file: Blob, encoding: Encoding, slice?: number): Promise<string> {
  let text = "";
  for await (const piece of decoded(file, encoding, slice)) text += piece.text;
  return text;
}

it.each<[Encoding, string]>([
  ["windows-1252", "Text;Thema\nGröße und Übung;Café €5\n"],
  ["windows-1252", "L'élève a été reçu à l'école;très bien\n"],
  ["windows-1252", "El niño comió una piña;mañana\n"],
  ["windows-1250", "Wczoraj kupiłem książkę o historii Łodzi. Bardzo mi się podobała, ponieważ autor pisze ciekawie.\n"],
  ["windows-1251", "Вчера я купил книгу по истории Москвы. Она мне очень понравилась, потому что автор пишет интересно.\n"],
  ["windows-1253", "Χθες αγόρασα ένα βιβλίο για την ιστορία της Αθήνας.\n"],
  ["windows-1254", "Dün İstanbul'un tarihi hakkında bir kitap aldım. Çok beğendim, çünkü yazar ilginç yazıyor.\n"],
])("finds out that a file is %s, and reads %j", async (encoding, text) => {
  const file = new Blob([bytes(text, encoding)]);
  expect(await detectEncoding(file)).toEqual({ encoding, guessed: true });
  expect(await read(file, encoding)).toBe(text);
});

it("lets the languages of the reader decide between guesses that are nearly as good", async () => {
  const text = "Včera jsem koupil knihu o historii Prahy. Velmi se mi líbila, protože autor píše zajímavě.\n";
  expect((await detectEncoding(new Blob([bytes(text, "windows-1250")]), ["cs-CZ"])).encoding).toBe("windows-1250");
});

it("takes UTF-8 only if every byte of the file fits", async () => {
  const plainText = "a line\n".repeat(400_000);
  expect(await detectEncoding(new Blob([plainText, "Größe"]))).toEqual({ encoding: "utf-8", guessed: false });
  expect(await detectEncoding(new Blob([plainText, bytes("Größe und Übung für alle Gäste", "windows-1252")]))).toEqual({ encoding: "windows-1252", guessed: true });
  expect(await detectEncoding(new Blob([""]))).toEqual({ encoding: "utf-8", guessed: false });
});

it.each([[false, true], [false, false], [true, true], [true, false]])("reads UTF-16 (big end first: %s, with a mark: %s)", async (big, mark) => {
  const text = "id;text\n1;Größe und Übung 漢字\n";
  const file = new Blob([wide((mark ? "\uFEFF" : "") + text, big)]);
  const encoding = big ? "utf-16be" : "utf-16le";
  expect(await detectEncoding(file)).toEqual({ encoding, guessed: false });
  expect(await read(file, encoding, 7)).toBe(text);
});

it("offers only what can be decoded", () => {
  for (const each of ENCODINGS) expect(new TextDecoder(each).encoding).toBe(each);
});
