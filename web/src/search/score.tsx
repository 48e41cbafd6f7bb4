/** Choosing scores on a slider, below a histogram of those that the records have under the other filters. */

import { RangeSlider, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";

import type { SearchBody } from "@/api/records";
import { barsOf } from "@/core/histogram";
import type { DatasetRef } from "@/core/model";
import { t } from "@/text/en";
import { percentOf } from "@/text/format";
import { toolsText } from "@/text/tools";

import { shown } from "./filter-words";
import classes from "./filters.module.css";
import { facetQuery } from "./use-facets";

const BARS = 50;
const WIDTH = 100 / BARS;

interface Props {
  readonly dataset: DatasetRef;
  readonly body: SearchBody;
  readonly value: string | undefined;
  readonly onChange: (value: string | null) => void;
}

export function Score({ dataset, body, value, onChange }: Props) {
  const [from = 0, to = 1] = (value ?? "0-1").split("-").map(Number);
  const [low, high] = [Math.round(from * 100), Math.round(to * 100)];
  const found = useQuery(facetQuery(dataset, body, "score"));
  return (
    <div className={classes["score"]}>
      {found.data && Object.keys(found.data).length > 0 && <Histogram bars={barsOf(found.data, BARS)} low={low} high={high} />}
      {found.data && !Object.keys(found.data).length && <Text size="xs" c="dimmed">{t.filters.noValues}</Text>}
      <RangeSlider
        min={0}
        max={100}
        minRange={0}
        thumbSize={24}
        value={[low, high]}
        onChange={([least, most]) => { onChange(least === 0 && most === 100 ? null : `${String(least / 100)}-${String(most / 100)}`); }}
        label={(each) => percentOf(each / 100)}
        thumbFromLabel={t.filters.from}
        thumbToLabel={t.filters.to}
      />
      <Text size="xs" c="dimmed" mt={6}>
        {shown("score", [`${String(from)}-${String(to)}`])}
      </Text>
    </div>
  );
}

function Histogram({ bars, low, high }: { bars: readonly number[]; low: number; high: number }) {
  const most = Math.max(...bars);
  const filled = bars.flatMap((count, at) => (count ? [at] : []));
  const border = (at: number) => percentOf(at / BARS);
  return (
    <div className={classes["histogram"]} role="img" aria-label={toolsText.find.histogram(border(filled[0] ?? 0), border((filled.at(-1) ?? 0) + 1))}>
      {bars.map((count, at) => (
        <span
          key={at}
          title={toolsText.find.histogramBar(border(at), border(at + 1), count)}
          data-chosen={((at + 1) * WIDTH > low && at * WIDTH < high) || undefined}
        >
          <i style={{ height: `${String(count ? Math.max(4, (100 * count) / most) : 0)}%` }} />
        </span>
      ))}
    </div>
  );
}
