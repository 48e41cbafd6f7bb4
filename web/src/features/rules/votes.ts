/** The lines of Python that turn rules' votes into predictions. The tests run these files. */

import type { DatasetRef } from "@/core/model";
import { fillSnippet } from "@/core/snippet";

import one from "./snippets/votes.txt?raw";
import many from "./snippets/votes-several.txt?raw";

/** `server` is the address that clients use; `several` says that a text may have several labels. */
export function votesCode(dataset: DatasetRef, server: string, several: boolean): string {
  return fillSnippet(several ? many : one, dataset, server);
}
