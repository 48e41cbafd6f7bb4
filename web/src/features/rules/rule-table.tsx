/** All rules of a dataset with their figures: every number opens its records, a click on a rule changes it. */

import { ActionIcon, Select, TextInput, UnstyledButton } from "@mantine/core";
import { IconSearch, IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";

import { deleteRule } from "@/api/rules";
import { RecordsLink } from "@/app/records-link";
import type { DatasetRef } from "@/core/model";
import { type Column, conflictQuery, countOf, type Draft, type MeasuredRule, NEWEST, overlapQuery, rightQuery, shownRules, wrongQuery } from "@/core/rules";
import type { LabelSet } from "@/record/use-labels";
import { n } from "@/text/en";
import { percent } from "@/text/format";
import { rulesText } from "@/text/rules";
import { Empty } from "@/ui/empty";
import { Ago } from "@/ui/time";

import { LabelTag } from "./label-tag";
import type { Noted } from "./notice";
import classes from "./rules.module.css";

const words = rulesText.list;
/** Addresses get no longer than this. */
const LONGEST = 4_000;

interface Props {
  readonly dataset: DatasetRef;
  readonly rules: readonly MeasuredRule[];
  readonly several: boolean;
  readonly mayWrite: boolean;
  readonly me: string;
  readonly labels: LabelSet;
  readonly onEdit: (draft: Draft) => void;
  readonly onNoted: (noted: Noted) => void;
}

export function RuleTable({ dataset, rules, several, mayWrite, me, labels, onEdit, onNoted }: Props) {
  const [order, setOrder] = useState(NEWEST);
  const [filter, setFilter] = useState<{ words: string; label: string | null; author: string | null }>({ words: "", label: null, author: null });
  const remove = useMutation({
    mutationFn: (query: string) => deleteRule(dataset, query),
    onSuccess: (_, query) => { onNoted({ text: rulesText.notice.removed(query), query }); },
  });
  const shown = shownRules(rules, filter, order);
  const columns: readonly Column[] = ["query", "labels", "coverage", "overlaps", ...(several ? [] : (["conflicts"] as const)), "correct", "incorrect", "precision", "created_at"];
  const sort = (by: Column) => { setOrder((before) => ({ by, down: before.by === by ? !before.down : !["query", "labels"].includes(by) })); };
  const authors = [...new Set(rules.map((each) => each.author))].sort();
  const used = [...new Set(rules.flatMap((each) => each.labels))].sort();
  return (
    <section className={classes["sheet"]} aria-label={words.title(0)}>
      <div className={classes["head"]}>
        <h2>{words.title(rules.length)}</h2>
        {rules.length > 1 && (
          <div className={classes["filters"]}>
            <TextInput
              size="xs"
              aria-label={words.find}
              placeholder={words.find}
              leftSection={<IconSearch size={14} />}
              value={filter.words}
              onChange={(event) => { setFilter({ ...filter, words: event.currentTarget.value }); }}
            />
            <Select size="xs" w={130} aria-label={words.label} placeholder={words.anyLabel} clearable data={used} value={filter.label} onChange={(label) => { setFilter({ ...filter, label }); }} />
            {authors.length > 1 && (
              <Select size="xs" w={130} aria-label={words.author} placeholder={words.anyAuthor} clearable data={authors} value={filter.author} onChange={(author) => { setFilter({ ...filter, author }); }} />
            )}
          </div>
        )}
      </div>
      {remove.error && (
        <p className={classes["bad"]} role="alert">
          {remove.error.message}
        </p>
      )}
      {!rules.length ? (
        <Empty title={words.none}>{words.noneIntro}</Empty>
      ) : !shown.length ? (
        <p className={classes["note"]}>{words.noneFound}</p>
      ) : (
        <div className={classes["wide"]}>
          <table className={classes["table"]}>
            <thead>
              <tr>
                {columns.map((each) => (
                  <th key={each} scope="col" aria-sort={order.by === each ? (order.down ? "descending" : "ascending") : "none"} title={words.hints[each]}>
                    <UnstyledButton className={classes["by"] ?? ""} onClick={() => { sort(each); }}>
                      {words.columns[each as keyof typeof words.columns]}
                      <span aria-hidden>{order.by === each ? (order.down ? " ↓" : " ↑") : ""}</span>
                    </UnstyledButton>
                  </th>
                ))}
                {mayWrite && <td />}
              </tr>
            </thead>
            <tbody>
              {shown.map((each) => (
                <Row
                  key={each.query}
                  dataset={dataset}
                  rule={each}
                  rules={rules}
                  several={several}
                  mine={each.author === me}
                  labels={labels}
                  onEdit={() => { onEdit({ query: each.query, labels: each.labels, description: each.description ?? "" }); }}
                  {...(mayWrite ? { onRemove: () => { remove.mutate(each.query); } } : {})}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

interface RowProps {
  readonly dataset: DatasetRef;
  readonly rule: MeasuredRule;
  readonly rules: readonly MeasuredRule[];
  readonly several: boolean;
  readonly mine: boolean;
  readonly labels: LabelSet;
  readonly onEdit: () => void;
  readonly onRemove?: () => void;
}

function Row({ dataset, rule, rules, several, mine, labels, onEdit, onRemove }: RowProps) {
  const { query, answers, total_records: total } = rule;
  const figures = rulesText.figures;
  const number = (column: keyof typeof words.links, count: number | undefined, search: string) => (
    <Cell name={words.columns[column]}>
      {count === undefined ? (
        figures.unknown
      ) : !count || search.length > LONGEST ? (
        n(count)
      ) : (
        <RecordsLink dataset={dataset} query={search}>
          {n(count)}
          <span className="sr-only"> {words.links[column](query)}</span>
        </RecordsLink>
      )}
    </Cell>
  );
  return (
    <tr>
      <th scope="row">
        <UnstyledButton className={classes["query"] ?? ""} title={words.edit(query)} onClick={onEdit}>
          <code>{query}</code>
        </UnstyledButton>
        {rule.description && <div className={classes["few"]}>{rule.description}</div>}
        {rule.problem && <div className={classes["bad"]}>{words.problem(rule.problem)}</div>}
      </th>
      <Cell name={words.columns.labels}>
        {rule.labels.map((each) => <LabelTag key={each} name={each} hue={labels.hue(each)} />)}
      </Cell>
      {number("coverage", rule.covered_records, query)}
      {number("overlaps", countOf(rule.overlaps, total), overlapQuery(query, rules))}
      {!several && number("conflicts", countOf(rule.conflicts, total), conflictQuery(query))}
      {number("correct", rule.correct, rightQuery(query, rule.labels))}
      {number("incorrect", rule.incorrect, wrongQuery(query, rule.labels))}
      <Cell name={words.columns.precision}>
        {rule.precision === undefined ? figures.unknown : percent(rule.precision)}
        {answers?.precision !== undefined && (
          <div className={classes["few"]} title={words.answers(answers.correct, answers.incorrect)}>
            {words.answersShare(percent(answers.precision))}
          </div>
        )}
      </Cell>
      <Cell name={words.columns.created_at}>
        <span>
          {mine ? words.you : rule.author} <span className={classes["few"]}><Ago time={rule.created_at} /></span>
        </span>
      </Cell>
      {onRemove && (
        <td>
          <ActionIcon aria-label={words.remove(query)} onClick={onRemove}>
            <IconTrash size={16} />
          </ActionIcon>
        </td>
      )}
    </tr>
  );
}

/** On a narrow screen a row is a card, and its cells say what they are. */
function Cell({ name, children }: { name: string; children: ReactNode }) {
  return (
    <td>
      <span className={classes["cellname"]} aria-hidden>{name}</span>
      <span className={classes["cell"]}>{children}</span>
    </td>
  );
}
