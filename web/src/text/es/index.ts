/** Spanish. */

import type { Language } from "@/text/translations";

import { agreement } from "./agreement";
import { annotating } from "./annotating";
import { app } from "./app";
import { audit } from "./audit";
import { files } from "./files";
import { charts, frame } from "./frame";
import { manage } from "./manage";
import { review } from "./review";
import { rules } from "./rules";
import { account, codes, images, inbox, results, train } from "./small";
import { team } from "./team";
import { tools } from "./tools";
import { webhooks } from "./webhooks";

const spanish: Language = {
  account, agreement, annotating, app, audit, charts, codes, files, frame, images, inbox, manage, results, review, rules, team, tools, train, webhooks,
};

export default spanish;
