import { expect, it } from "vitest";

import { toCsv } from "./csv";

it("quotes what would break a row, and keeps numbers as numbers", () => {
  expect(toCsv([["a, b", 'say "x"', 0.5], ["line\nbreak", "", null]])).toBe('"a, b","say ""x""",0.5\r\n"line\nbreak",,\r\n');
});

it("does not let a spreadsheet compute a label", () => {
  expect(toCsv([["=1+1", "-x", -1]])).toBe("'=1+1,'-x,-1\r\n");
});
