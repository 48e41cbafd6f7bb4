/** Progress of each person, day by day. */

import { useQuery } from "@tanstack/react-query";

import { daysQuery } from "@/api/team";
import { seriesOf } from "@/core/day-series";
import type { DatasetRef } from "@/core/model";
import { chartsText } from "@/text/charts";
import { list, n } from "@/text/format";
import { Card } from "@/ui/card";
import { DayLines } from "@/ui/day-lines";

export default function ProgressChart({ dataset }: { dataset: DatasetRef }) {
  const { data } = useQuery(daysQuery(dataset));
  if (!data) return null;
  const { days, series } = seriesOf(data);
  const words = chartsText.days;
  return (
    <Card title={words.title} intro={words.intro}>
      {days.length ? (
        <DayLines label={words.summary(list(series.map((each) => `${each.name} ${n(each.values.at(-1) ?? 0)}`)))} days={days} series={series} />
      ) : (
        <p>{words.none}</p>
      )}
    </Card>
  );
}
