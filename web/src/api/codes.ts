/** Codes of the server that people are shown as sentences. */

import type { components } from "./schema";

export type WhyEmpty = components["schemas"]["WhyEmpty"];
export type CountDecision = components["schemas"]["CountDecision"];
export type HistoryReason = components["schemas"]["HistoryReason"];
