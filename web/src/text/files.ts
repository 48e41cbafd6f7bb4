/** Texts about reading a file: how it is read, what cannot be, and which columns are answers. */

import type { Encoding } from "@/core/file-encoding";
import type { Fault, FileKind } from "@/core/file-rows";

import { msg, texts } from "./catalogue";

export const filesText = texts("files", {
  theFile: "File",
  encoding: "Encoding",
  encodingHint: "How the file stores letters.",
  encodingGuessed: "This is a guess: the file isn’t UTF-8. Check accents and umlauts below, and choose another if they look wrong.",
  encodings: {
    "utf-8": "UTF-8", "utf-16le": "UTF-16", "utf-16be": "UTF-16, big end first", "windows-1252": "Western European (Windows-1252)", "windows-1250": "Central European (Windows-1250)",
    "iso-8859-2": "Central European (ISO 8859-2)", "windows-1251": "Cyrillic (Windows-1251)", "koi8-r": "Cyrillic (KOI8-R)", "iso-8859-5": "Cyrillic (ISO 8859-5)", "windows-1253": "Greek (Windows-1253)",
    "windows-1254": "Turkish (Windows-1254)", "windows-1255": "Hebrew (Windows-1255)", "windows-1256": "Arabic (Windows-1256)", "iso-8859-6": "Arabic (ISO 8859-6)", "windows-1257": "Baltic (Windows-1257)",
    "windows-1258": "Vietnamese (Windows-1258)", "iso-8859-15": "Western European (ISO 8859-15)", macintosh: "Western European (Mac)", shift_jis: "Japanese (Shift JIS)", "euc-jp": "Japanese (EUC-JP)",
    "iso-2022-jp": "Japanese (ISO-2022-JP)", gb18030: "Chinese, simplified (GB18030)", big5: "Chinese, traditional (Big5)", "euc-kr": "Korean (EUC-KR)",
  } satisfies Record<Encoding, string>,
  sheet: "Sheet",
  sheetHint: "Only this one is imported.",
  header: "First row is a header",
  headerOn: "It names the columns and isn’t imported as a record.",
  headerOff: "Every row becomes a record; columns are numbered.",
  oneALine: "Each line becomes a record.",
  unreadRows: msg(["count"], "{count, plural, one {# row} other {# rows}} can’t be read and will be skipped"),
  place: msg(["place", "at"], "{place} {at, number}"),
  places: { csv: "Line", lines: "Line", jsonl: "Line", json: "Entry", excel: "Row", parquet: "Row" } satisfies Record<FileKind, string>,
  placesWithin: { csv: "line", lines: "line", jsonl: "line", json: "entry", excel: "row", parquet: "row" } satisfies Record<FileKind, string>,
  faults: {
    unclosed: "a quote is never closed. Add the closing quote or remove the opening one",
    unclosedTo: msg(["line"], "a quote is never closed, so everything from here to line {line, number} is one cell. Add the closing quote or remove the opening one"),
    quote: "a quote inside a quoted cell must be doubled (\"\"), or a quote isn’t closed",
    quoteFrom: msg(["min", "max"], "a quote inside a quoted cell must be doubled (\"\"), or a quote isn’t closed; lines {min, number}–{max, number} were read as one row"),
    long: "this row is longer than 8 million characters, probably because a quote isn’t closed; nothing after it was read",
    json: "this line isn’t a JSON object",
    entry: "this entry isn’t an object",
    cells: "this row has more or fewer cells than the first",
  },
  replaced: msg(["count"], "{count, plural, one {# row has} other {# rows have}} characters that can’t be read (�)"),
  replacedAt: msg(["place"], "The first is in {place}."),
  replacedTry: "Choose another encoding above until accents and umlauts look right.",
  replacedMend: "They’re in the file itself. Export it again if you can.",
  replacedAllow: "Import them anyway, with � in the text",
  looksLikeAnswers: msg(["name"], "Does “{name}” contain answers?"),
  notAnswered: "Kept with the record, which still needs annotating.",
  predictionsThen: "Shown as suggestions. The records still need annotating.",
  answersThen: msg(["count"], "{count, plural, one {# record} other {# records}} will count as done, answered by you."),
  ownAnswers: "Import the answers in this file too",
  wouldBeDone: msg(["count"], "This is an Apportion export with people’s answers. {count, plural, one {# record} other {# records}} would count as done."),
  doneAfter: msg(["count"], "{count, plural, =0 {No record will count as done after the import.} other {{count, plural, one {# record} other {# records}} will count as done after the import.}}"),
  lookingAt: msg(["count"], "{count, plural, =0 {Reading …} other {Reading: {count, plural, one {# row} other {# rows}} so far …}}"),
  looked: msg(["count", "bad"], "{count, plural, one {# row} other {# rows}} in total; {bad, plural, =0 {{count, plural, one {it can be read} other {all can be read}}} other {{bad, number} can’t be read}}."),
  saveAsXlsx: msg(["name"], "{name} is a spreadsheet in another format. Save it as .xlsx or CSV and choose that."),
});

/** Return where people find a row of a file. */
export function placeText(kind: FileKind, line: number): string {
  return filesText.place(filesText.placesWithin[kind], line);
}

export function faultText(fault: Fault): string {
  const words = filesText.faults;
  if (fault.kind === "unclosed") return fault.to > fault.from ? words.unclosedTo(fault.to) : words.unclosed;
  if (fault.kind === "quote") return fault.to > fault.from ? words.quoteFrom(fault.from, fault.to) : words.quote;
  return words[fault.kind];
}
