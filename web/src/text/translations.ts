/** Texts of every language: a text for each of the English ones. A missing or needless one is a compile error. */

import type { accountText } from "./account";
import type { agreementText } from "./agreement";
import type { annotatingText } from "./annotating";
import type { audit } from "./audit";
import type { Translation } from "./catalogue";
import type { chartsText } from "./charts";
import type { codesText } from "./codes";
import type { t } from "./en";
import type { filesText } from "./files";
import type { frameText } from "./frame";
import type { imagesText } from "./images";
import type { inboxText } from "./inbox";
import type { manageText } from "./manage";
import type { resultsText } from "./results";
import type { reviewText } from "./review";
import type { rulesText } from "./rules";
import type { teamText } from "./team";
import type { toolsText } from "./tools";
import type { trainText } from "./train";
import type { hooks } from "./webhooks";

/** Under the names that the pages give to `texts`. */
export interface Language {
  readonly account: Translation<typeof accountText>;
  readonly agreement: Translation<typeof agreementText>;
  readonly annotating: Translation<typeof annotatingText>;
  readonly app: Translation<typeof t>;
  readonly audit: Translation<typeof audit>;
  readonly charts: Translation<typeof chartsText>;
  readonly codes: Translation<typeof codesText>;
  readonly files: Translation<typeof filesText>;
  readonly frame: Translation<typeof frameText>;
  readonly images: Translation<typeof imagesText>;
  readonly inbox: Translation<typeof inboxText>;
  readonly manage: Translation<typeof manageText>;
  readonly results: Translation<typeof resultsText>;
  readonly review: Translation<typeof reviewText>;
  readonly rules: Translation<typeof rulesText>;
  readonly team: Translation<typeof teamText>;
  readonly tools: Translation<typeof toolsText>;
  readonly train: Translation<typeof trainText>;
  readonly webhooks: Translation<typeof hooks>;
}
