// @vitest-environment jsdom
import { expect, it } from "vitest";

import { bareName, nameOf, shown } from "./filter-words";
import { metadataKey } from "./use-facets";

it("names a filter by its key of the metadata, by its words, or as it is", () => {
  expect(nameOf("metadata.source")).toBe("source");
  expect(nameOf("range.metadata.pages")).toBe("pages");
  expect(nameOf("unheard_of")).toBe("unheard_of");
  expect(nameOf("status")).not.toBe("");
  expect([metadataKey("metadata.a.b"), metadataKey("status")]).toEqual(["a.b", null]);
  expect(bareName("range.score")).toBe("score");
});

it("says what is chosen in words", () => {
  expect(shown("metadata.source", ["web", "Default"])).toBe("web, Default");
  expect(shown("status", ["Default"])).not.toBe("Default");
  expect(shown("annotated_as", ["good", "bad"])).toBe("good, bad");
  expect(shown("score", ["0.2-0.55"])).toBe("20% – 55%");
});

it("says a range by the ends it has", () => {
  expect(shown("range.metadata.pages", ["10..20"])).toBe("10 to 20");
  expect(shown("range.metadata.pages", ["10.."])).toBe("from 10");
  expect(shown("range.metadata.pages", ["..20"])).toBe("to 20");
  expect(shown("range.metadata.pages", [".."])).toBe("");
});
