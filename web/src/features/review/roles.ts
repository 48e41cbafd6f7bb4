/** Who may settle conflicts and see how alike people answer. */

import type { Me } from "@/api/session";

export function mayReview(me: Me, workspace: string): boolean {
  return me.role === "admin" || me.memberships.some((each) => each.workspace === workspace && each.role !== "annotator");
}
