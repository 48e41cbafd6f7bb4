/** Days as these pages print them. */

import { date } from "@/text/format";
import { readTime } from "@/ui/time";

export const day = (time: string) => date(readTime(time), { weekday: "short", day: "numeric", month: "short" });
