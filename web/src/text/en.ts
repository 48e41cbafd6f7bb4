/** Texts of the pages that have no catalogue of their own. */

import { annotateSource } from "./annotate";
import { texts } from "./catalogue";
import { datasetsSource } from "./datasets";
import { shellSource } from "./shell";
import { workSource } from "./work";

export { n } from "./format";

export const t = texts("app", {
  ...shellSource,
  ...workSource,
  ...datasetsSource,
  ...annotateSource,
});
