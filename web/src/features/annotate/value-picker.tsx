/** The values of one filter with how often each occurs under the other filters; searched by typing. */

import { Checkbox, Code, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { type Counts, countRecords, type SearchBody } from "@/api/records";
import type { DatasetRef } from "@/core/model";
import { n, t } from "@/text/en";

import classes from "./filters.module.css";

const MOST = 200;
const STATUSES = ["Default", "Edited", "Validated", "Discarded"];

interface Props {
  readonly dataset: DatasetRef;
  readonly body: SearchBody;
  readonly filter: string;
  readonly picked: readonly string[];
  readonly onPick: (values: readonly string[]) => void;
}

export function ValuePicker({ dataset, body, filter, picked, onPick }: Props) {
  const [words, setWords] = useState("");
  const key = filter.startsWith("metadata.") ? filter.slice("metadata.".length) : null;
  const found = useQuery({
    queryKey: ["facet", dataset.workspace, dataset.name, filter, body.query],
    queryFn: async ({ signal }): Promise<Counts> => {
      const counted = await countRecords(dataset, { ...body, sort: [] }, [key === null ? filter : "metadata"], signal);
      return (key === null ? counted.aggregations[filter] : counted.metadata[key]) ?? {};
    },
    staleTime: 5_000,
  });
  if (found.isError) return <Text size="sm" className={classes["note"] ?? ""}>{found.error.message}</Text>;
  if (!found.data) return <Text size="sm" className={classes["note"] ?? ""}>{t.common.loading}…</Text>;
  if (key !== null && "argilla:stats" in found.data) {
    return (
      <Text size="xs" className={classes["note"] ?? ""}>
        {t.filters.numbers} <Code>{`metadata.${key}:[1 TO 5]`}</Code>
      </Text>
    );
  }
  const counts = new Map(Object.entries(found.data));
  if (filter === "status") STATUSES.forEach((each) => counts.set(each, counts.get(each) ?? 0));
  const values = [...new Set([...picked, ...counts.keys()])];
  const name = (value: string) => (key === null ? (t.filters.values[value] ?? value) : value);
  const wanted = words.trim().toLowerCase();
  const matching = values.filter((each) => !wanted || name(each).toLowerCase().includes(wanted));
  return (
    <div className={classes["values"]}>
      {values.length > 6 && (
        <TextInput
          size="xs"
          mb={4}
          aria-label={t.filters.searchValues(key ?? (t.filters.names[filter] ?? filter))}
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
      {matching.length > MOST && <Text size="xs" c="dimmed">{t.filters.more(matching.length - MOST)}</Text>}
      {!matching.length && <Text size="xs" c="dimmed">{values.length ? t.filters.noMatch : t.filters.noValues}</Text>}
    </div>
  );
}
