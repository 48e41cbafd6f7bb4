/** Days as these pages print them. */

import { readTime } from "@/ui/time";

const format = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });

export const day = (time: string) => format.format(readTime(time));
