/** Spanish. */

import type { Language } from "@/text/translations";

import { annotating } from "./annotating";
import { app } from "./app";
import { audit } from "./audit";
import { files } from "./files";
import { charts, frame } from "./frame";
import { manage } from "./manage";
import { rules } from "./rules";
import { account, codes, images, inbox, results, train } from "./small";
import { team } from "./team";
import { webhooks } from "./webhooks";

const spanish: Language = {
  account, annotating, app, audit, charts, codes, files, frame, images, inbox, manage, results, rules, team, train, webhooks,
};

export default spanish;
