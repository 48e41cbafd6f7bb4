import { beforeEach, describe, expect, it } from "vitest";

import { SHARED, submittedOf } from "@/testing/records";
import { storage } from "@/testing/storage";

import { JournaledAnswers } from "./journaled-answers";
import type { PendingAnswer, PendingAnswerStore } from "./outbox";

const pending = (label: string, at = 1): PendingAnswer => ({ key: "k", user: "ana", dataset: SHARED, id: "1", answer: submittedOf({ labels: [label] }), content: "", seen: "", at });

/** A store that has an answer only when the test lets it. */
class Slow implements PendingAnswerStore {
  readonly kept = new Map<string, PendingAnswer>();
  private readonly waiting: (() => void)[] = [];
  all = () => Promise.resolve([...this.kept.values()]);
  put = (each: PendingAnswer) => new Promise<void>((done) => this.waiting.push(() => { this.kept.set(each.key, each); done(); }));
  remove = (key: string) => Promise.resolve(void this.kept.delete(key));
  async finish() {
    this.waiting.splice(0).forEach((each) => { each(); });
    await Promise.resolve();
  }
}

describe("the journal of answers to send", () => {
  let place: ReturnType<typeof storage>;
  let behind: Slow;
  const open = () => new JournaledAnswers(behind, place);
  beforeEach(() => {
    place = storage();
    behind = new Slow();
  });

  it("has an answer at once, for the next visit too, although its store does not have it yet", async () => {
    void open().put(pending("x"));
    expect(await open().all()).toEqual([pending("x")]);
  });

  it("is empty once the store has it, but not of a later answer", async () => {
    const answers = open();
    const first = answers.put(pending("x"));
    void answers.put(pending("y", 2));
    behind.kept.set("k", pending("x"));
    expect(await answers.all()).toEqual([pending("y", 2)]);
    await behind.finish();
    await first;
    await Promise.resolve();
    expect(place.kept.size).toBe(0);
    expect(await answers.all()).toEqual([pending("y", 2)]);
  });

  it("forgets what the server has", async () => {
    void open().put(pending("x"));
    await open().remove("k");
    expect(await open().all()).toEqual([]);
  });

  it("leaves an answer to the store where the browser keeps nothing, has no room or something odd", async () => {
    place.setItem("apportion.answer odd", "{");
    place.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };
    for (const answers of [open(), new JournaledAnswers(behind, null)]) {
      behind.kept.clear();
      const put = answers.put(pending("x"));
      await behind.finish();
      await put;
      expect(await answers.all()).toEqual([pending("x")]);
    }
  });
});
