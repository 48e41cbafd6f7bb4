/** Request for a change of a plan. */

import type { Change, Plan } from "@/api/team";

export type Verb = Change["verb"] | "extend";

export interface Asked {
  readonly users: readonly string[];
  readonly level: boolean;
  readonly from: string | null;
  readonly to: string | null;
}

/** Request to send to the server; null while something is not chosen yet. */
export function changeOf(verb: Verb, plan: Pick<Plan, "rules">, asked: Asked): Change | { verb: "extend" } | null {
  switch (verb) {
    case "rebalance": {
      if (!asked.users.length) return null;
      const users = plan.rules[0]?.users;
      const weighted = Array.isArray(users) ? users : []; // else the records name their people themselves
      const entry = (name: string) => weighted.find((each) => (typeof each === "string" ? each : each.user) === name) ?? name;
      return { verb, users: asked.users.map(entry), level: asked.level };
    }
    case "move":
      return asked.from && asked.to && asked.from !== asked.to ? { verb, annotator: asked.from, to: asked.to } : null;
    case "withdraw":
      return { verb, ...(asked.from ? { annotator: asked.from } : {}) };
    case "extend":
    case "undo":
      return { verb };
  }
}
