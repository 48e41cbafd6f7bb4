/** Time from a real key press or click until what it does is in the page and painted. */

import type { Page } from "@playwright/test";

/** Sight that has to be in the page: a record other than the one before, or another number of marks. */
type Awaited = "record" | "mark" | "floor";

/** Puts what measures into every page that is opened from now on. */
export async function watchPaints(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen = (element: Element | null) => element !== null && element.getClientRects().length > 0;
    const state = {
      record: () => [...document.querySelectorAll("article")].filter(seen).map((each) => each.getAttribute("aria-label")).join(),
      mark: () => String([...document.querySelectorAll("[data-spans] [data-label]")].filter(seen).length),
      floor: () => document.documentElement.dataset["floor"] ?? "",
    };
    let delay = 0;
    const watch = (what: Awaited) => {
      const before = state[what]();
      return new Promise<number>((done) => {
        let began = 0;
        const begin = (event: Event) => { began = event.timeStamp; };
        // the last of them counts: a drag ends with the button let go
        for (const each of ["keydown", "mouseup"]) addEventListener(each, begin, { capture: true });
        const look = new MutationObserver(() => {
          if (!began || state[what]() === before) return;
          look.disconnect();
          for (const each of ["keydown", "mouseup"]) removeEventListener(each, begin, { capture: true });
          const late = performance.now() + (what === "floor" ? 0 : delay);
          while (performance.now() < late); // as a component that takes long to draw would
          requestAnimationFrame(() => {
            const channel = new MessageChannel();
            channel.port1.onmessage = () => { done(performance.now() - began); };
            channel.port2.postMessage(null);
          });
        });
        look.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      });
    };
    let waiting = Promise.resolve(0);
    Object.assign(window, {
      armPaint: (what: Awaited) => { waiting = watch(what); },
      painted: () => waiting,
      delayPaints: (milliseconds: number) => { delay = milliseconds; },
    });
    // what a change takes on this machine at this moment: a key that draws a thousand words anew
    addEventListener("keydown", (event) => {
      if (event.key !== "F9") return;
      const words = document.getElementById("floor") ?? document.body.appendChild(document.createElement("div"));
      words.id = "floor";
      words.style.cssText = "position: absolute; inset: 0 0 auto 0; height: 1px; overflow: hidden; visibility: hidden";
      const now = performance.now();
      words.replaceChildren(...Array.from({ length: 1_000 }, (_, n) => {
        const word = document.createElement("span");
        word.textContent = ` ${String(Math.round(now) + n)}`;
        return word;
      }));
      words.getBoundingClientRect();
      document.documentElement.dataset["floor"] = String(now);
    });
  });
}

interface Watched {
  armPaint: (what: Awaited) => void;
  painted: () => Promise<number>;
  delayPaints: (milliseconds: number) => void;
}

/** Milliseconds from the event until `what` has changed, the next frame, and one task after it. */
export async function painted(page: Page, what: Awaited, act: () => Promise<void>): Promise<number> {
  await page.evaluate((each) => { (window as unknown as Watched).armPaint(each); }, what);
  await act();
  return page.evaluate(() => (window as unknown as Watched).painted());
}

/** From now on every paint that is measured comes so much later, to see whether that is noticed. */
export async function delayPaints(page: Page, milliseconds: number): Promise<void> {
  await page.evaluate((each) => { (window as unknown as Watched).delayPaints(each); }, milliseconds);
}

export function middleOf(times: readonly number[]): number {
  const sorted = [...times].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
