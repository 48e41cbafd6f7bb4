/** The values of one filter with how often each occurs under the other filters; searched by typing. */

import { Checkbox, NumberInput, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { SearchBody } from "@/api/records";
import { useOutbox } from "@/app/outbox-provider";
import type { DatasetRef } from "@/core/model";
import { readRange } from "@/core/view";
import { n, t } from "@/text/en";
import { toolsText } from "@/text/tools";

import classes from "./filters.module.css";
import { facetQuery, metadataKey } from "./use-facets";

const MOST = 200;
const OF_RULES = ["covered", "rule"];
const STATUSES = ["Default", "Edited", "Validated", "Discarded"];

interface Props {
  readonly dataset: DatasetRef;
  readonly body: SearchBody;
  readonly filter: string;
  readonly picked: readonly string[];
  readonly onPick: (values: readonly string[]) => void;
  /** From where to where, for a field of numbers. */
  readonly range?: string | undefined;
  readonly onRange?: (range: string | null) => void;
}

export function ValuePicker({ dataset, body, filter, picked, onPick, range, onRange }: Props) {
  const [words, setWords] = useState("");
  const { user } = useOutbox();
  const key = metadataKey(filter);
  const found = useQuery(facetQuery(dataset, body, filter));
  if (found.isError) return <Text size="sm" className={classes["note"] ?? ""}>{found.error.message}</Text>;
  if (!found.data) return <Text size="sm" className={classes["note"] ?? ""}>{t.common.loading}…</Text>;
  const stats = key === null ? undefined : (found.data["argilla:stats"] as unknown);
  if (stats !== undefined && onRange) return <Numbers name={key ?? filter} stats={stats} range={range} onRange={onRange} />;
  const numbers = key === null ? [] : Object.keys(found.data).map(Number);
  const numeric = numbers.length > 6 && numbers.every(Number.isFinite);
  const counts = new Map(Object.entries(found.data));
  if (filter === "status") STATUSES.forEach((each) => counts.set(each, counts.get(each) ?? 0));
  const values = [...new Set([...picked, ...counts.keys()])];
  const name = (value: string) => {
    if (key !== null || filter === "rule") return value;
    if (filter === "covered") return toolsText.ruleFilter.covered[value] ?? value;
    if (filter === "assignment") return toolsText.find.states[value] ?? value;
    if (filter === "assigned_to" && value === user) return `${value} (${toolsText.find.me})`;
    return t.filters.values[value] ?? value;
  };
  const lowerWords = words.trim().toLowerCase();
  const matching = values.filter((each) => !lowerWords || name(each).toLowerCase().includes(lowerWords));
  // more values than are counted: what is typed can be used all the same
  const typed = lowerWords && !values.includes(words.trim()) && !STATUSES.some((each) => counts.has(each)) ? words.trim() : null;
  return (
    <div className={classes["values"]}>
      {numeric && onRange && (
        <Numbers name={key ?? filter} stats={{ min: Math.min(...numbers), max: Math.max(...numbers) }} range={range} onRange={onRange} />
      )}
      {values.length > 6 && (
        <TextInput
          size="xs"
          mb={4}
          aria-label={t.filters.searchValues(key ?? t.filters.names[filter] ?? toolsText.find.names[filter] ?? filter)}
          placeholder={t.common.search}
          value={words}
          onChange={(event) => { setWords(event.currentTarget.value); }}
        />
      )}
      {matching.slice(0, MOST).map((each) => (
        <Checkbox
          key={each}
          size="sm"
          className={classes["value"] ?? ""}
          checked={picked.includes(each)}
          onChange={(event) => { onPick(event.currentTarget.checked ? [...picked, each] : picked.filter((one) => one !== each)); }}
          label={
            <span className={classes["valuelabel"]}>
              <span className={classes["valuename"]} title={each}>
                {name(each)}
              </span>
              <span className={classes["count"]}>{n(counts.get(each) ?? 0)}</span>
            </span>
          }
        />
      ))}
      {typed && (
        <Checkbox size="sm" className={classes["value"] ?? ""} checked={false} label={toolsText.find.use(typed)} onChange={() => { onPick([...picked, typed]); setWords(""); }} />
      )}
      {matching.length > MOST && <Text size="xs" c="dimmed">{t.filters.more(matching.length - MOST)}</Text>}
      {!matching.length && <Text size="xs" c="dimmed">{values.length ? t.filters.noMatch : OF_RULES.includes(filter) ? toolsText.ruleFilter.none : t.filters.noValues}</Text>}
    </div>
  );
}

interface NumbersProps {
  readonly name: string;
  readonly stats: unknown;
  readonly range: string | undefined;
  readonly onRange: (range: string | null) => void;
}

/** From one number to another, either of which may be left open. */
function Numbers({ name, stats, range, onRange }: NumbersProps) {
  const { from, to } = readRange(range);
  const { min, max } = (typeof stats === "object" && stats !== null ? stats : {}) as { min?: number; max?: number };
  const change = (low: string, high: string) => { onRange(low || high ? `${low}..${high}` : null); };
  const known = typeof min === "number" && typeof max === "number";
  return (
    <div className={classes["values"]}>
      {known && (
        <Text size="xs" c="dimmed" mb={4}>
          {toolsText.find.numbersFrom(n(min), n(max))}
        </Text>
      )}
      <div className={classes["range"]}>
        <NumberInput size="xs" label={toolsText.find.atLeast} aria-label={`${name}: ${toolsText.find.atLeast}`} value={from} onChange={(value) => { change(String(value), to); }} hideControls />
        <NumberInput size="xs" label={toolsText.find.atMost} aria-label={`${name}: ${toolsText.find.atMost}`} value={to} onChange={(value) => { change(from, String(value)); }} hideControls />
      </div>
    </div>
  );
}
