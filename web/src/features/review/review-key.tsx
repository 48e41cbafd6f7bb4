/** The key of what a reviewer does, as its control shows it. */

import { Key } from "@/ui/key";

import { type ReviewAction, useReviewBindings } from "./keys";

export function ReviewKey({ action }: { action: ReviewAction }) {
  const [key] = useReviewBindings()[action];
  return key === undefined ? null : <Key of={key} />;
}
