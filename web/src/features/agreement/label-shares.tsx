/** Share of each label among each person's answers, beside the team: who is off is seen before anything is counted. */

import type { Quality } from "@/api/agreement";
import { chartsText } from "@/text/charts";
import { ShareBars } from "@/ui/share-bars";

export default function LabelShares({ people }: { people: readonly Quality[] }) {
  const team: Record<string, number> = {};
  for (const { given } of people) for (const [label, count] of Object.entries(given)) team[label] = (team[label] ?? 0) + count;
  const rows = people.filter((each) => Object.keys(each.given).length > 0).map((each) => ({ name: each.annotator, counts: each.given }));
  return <ShareBars rows={[{ name: chartsText.labels.team, counts: team }, ...rows]} />;
}
