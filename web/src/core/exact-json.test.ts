import { describe, expect, it } from "vitest";

import { parseToEcho, parseToRead } from "./exact-json";

describe("numbers larger than a browser counts", () => {
  const text = '{"id":1234567890123456789,"metadata":{"n":9007199254740993,"f":0.1,"list":[98765432109876543210]}}';

  it("are read as text", () => {
    expect(parseToRead(text)).toEqual({ id: "1234567890123456789", metadata: { n: "9007199254740993", f: 0.1, list: ["98765432109876543210"] } });
  });

  it("are sent back as they came", () => {
    expect(JSON.stringify(parseToEcho(text))).toBe(text.replace("1234567890123456789", '"1234567890123456789"'));
  });

  it("leave ordinary JSON alone", () => {
    expect(parseToRead('{"a":[1,2.5,"x",null]}')).toEqual({ a: [1, 2.5, "x", null] });
  });
});
