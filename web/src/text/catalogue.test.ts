import { afterEach, describe, expect, it } from "vitest";

import { codes, english, flat, i18n, msg, texts } from "./catalogue";
import { bestLanguage } from "./language";
import { startPseudo } from "./pseudo";

const fruit = texts("fruit", {
  title: "Fruit",
  left: msg(["count", "name"], "{count, plural, one {# apple} other {# apples}} left for {name}"),
  kinds: codes({ red: "Red" }),
  choices: [["Sweet", "Like a pear."]],
});
const show = english.show;

afterEach(() => {
  english.show = show;
  i18n.activate("en");
});

describe("the catalogue", () => {
  it("shows English where no language is loaded, numbers and plurals by its rules", () => {
    expect([fruit.title, fruit.left(1, "Ana"), fruit.left(1200, "Ana")]).toEqual(["Fruit", "1 apple left for Ana", "1,200 apples left for Ana"]);
    expect(fruit.choices[0]).toEqual(["Sweet", "Like a pear."]);
  });

  it("shows the language that is active, also in texts that were taken before", () => {
    const kinds = fruit.kinds;
    i18n.load("de", flat({ fruit: { title: "Obst", left: "Für {name}: {count, plural, one {# Apfel} other {# Äpfel}}", kinds: { red: "Rot" }, choices: [["Süß", "Wie Birnen."]] } }));
    i18n.activate("de");
    expect([fruit.title, fruit.left(1, "Ana"), fruit.left(1200, "Ana"), kinds["red"], fruit.choices[0][0]]).toEqual(["Obst", "Für Ana: 1 Apfel", "Für Ana: 1.200 Äpfel", "Rot", "Süß"]);
  });

  it("has no text for a code it does not know", () => {
    expect(fruit.kinds["blue"]).toBeUndefined();
  });
});

describe("pseudo-languages", () => {
  it("change the words of a text and keep what is filled in", () => {
    startPseudo("en-XA");
    expect(fruit.left(2, "Ana")).toBe("2⟦ åppléš ~ ~⟧⟦ léft för  ~ ~ ~⟧Ana");
    startPseudo("ar-XB");
    expect(fruit.left(2, "Ana")).toBe("2 \u202Eapples\u202C \u202Eleft\u202C \u202Efor\u202C Ana");
  });
});

describe("the language", () => {
  it("is the chosen one, or else the first the browser prefers that there is, in the form of its country", () => {
    expect(bestLanguage(null, ["fr-CA", "en-GB", "en"])).toEqual({ code: "en", form: "en-GB" });
    expect(bestLanguage("en", ["fr"])).toEqual({ code: "en", form: "en" });
    expect(bestLanguage("gone", ["fr"])).toEqual({ code: "en", form: "en" });
  });
});
