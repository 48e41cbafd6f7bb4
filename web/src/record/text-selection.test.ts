// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";

import { readSelection, select } from "./text-selection";

describe("the selection in a text that is cut into pieces", () => {
  let text: HTMLElement;
  beforeEach(() => {
    document.body.innerHTML = "<p>before</p><div>Ada <b>met <i>Ben</i></b> today</div><p>after</p>";
    text = document.querySelector("div") as HTMLElement;
    window.getSelection()?.removeAllRanges();
  });

  /** Select in the document as a person does, from one text to another. */
  function drag(from: Node | null | undefined, start: number, to: Node | null | undefined, end: number) {
    const range = document.createRange();
    range.setStart(from as Node, start);
    range.setEnd(to as Node, end);
    window.getSelection()?.addRange(range);
  }
  const [before, after] = [() => document.querySelector("p")?.firstChild, () => document.querySelector("p:last-child")?.firstChild];

  it("is read as it was made, wherever it begins and ends", () => {
    for (let start = 0; start < 17; start++) {
      for (let end = start + 1; end <= 17; end++) {
        select(text, { start, end });
        expect(readSelection(text)).toEqual({ start, end });
        expect(window.getSelection()?.toString()).toBe("Ada met Ben today".slice(start, end));
      }
    }
  });

  it("is none where nothing is selected, or something else", () => {
    expect(readSelection(text)).toBeNull();
    drag(before(), 0, before(), 3);
    expect(readSelection(text)).toBeNull();
  });

  it("ends with the text where it goes beyond it", () => {
    drag(text.querySelector("i")?.firstChild, 0, after(), 2);
    expect(readSelection(text)).toEqual({ start: 8, end: 17 });
    window.getSelection()?.removeAllRanges();
    drag(before(), 2, text.querySelector("b")?.firstChild, 3);
    expect(readSelection(text)).toEqual({ start: 0, end: 7 });
  });

  it("takes the place of the one before", () => {
    select(text, { start: 0, end: 3 });
    select(text, { start: 4, end: 7 });
    expect(window.getSelection()?.rangeCount).toBe(1);
  });
});
