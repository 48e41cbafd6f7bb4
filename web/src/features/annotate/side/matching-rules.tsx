/** The labeling rules that match a record: what label each of them gives, and who wrote it. */

import { Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { matchingQuery, storedRulesQuery } from "@/api/rules";
import type { DatasetRef } from "@/core/model";
import type { Rule } from "@/core/rules";
import { useAnnotatorSettings } from "@/record/annotator-settings";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";
import { toolsText } from "@/text/tools";

import classes from "./sidebar.module.css";

const words = toolsText.matchingRules;

export default function MatchingRules({ dataset, id }: { dataset: DatasetRef; id: string }) {
  const { hidden } = useAnnotatorSettings(); // a rule's label is as good as a prediction
  const stored = useQuery({ ...storedRulesQuery(dataset), enabled: !hidden });
  const any = stored.data !== undefined && stored.data.length > 0;
  const matching = useQuery({ ...matchingQuery(dataset, id), enabled: !hidden && any });
  const problem = stored.error ?? matching.error;
  if (hidden) return <Text size="xs" c="dimmed">{annotatingText.predictions.hidden}</Text>;
  if (problem) return <Text size="xs" role="alert">{problem.message}</Text>;
  if (stored.data && !any) return <Text size="xs" c="dimmed">{toolsText.ruleFilter.none}</Text>;
  if (!stored.data || !matching.data) return <Skeleton h={40} role="progressbar" aria-label={t.common.loading} />;
  const rules = stored.data.filter((each) => matching.data.includes(each.query));
  if (!rules.length) return <Text size="xs" c="dimmed">{words.none}</Text>;
  return (
    <ul className={classes["entries"]} aria-label={words.title}>
      {rules.map((each) => <Matching key={each.query} dataset={dataset} rule={each} />)}
    </ul>
  );
}

function Matching({ dataset: { workspace, name }, rule: { query, labels, description, author } }: { dataset: DatasetRef; rule: Rule }) {
  return (
    <li>
      <div className={classes["words"]}>{labels.join(", ")}</div>
      <Text size="xs" c="dimmed" component="div" className={classes["words"] ?? ""}>
        <Link to="/datasets/$workspace/$name/rules" params={{ workspace, name }} search={{ q: query, label: [...labels], ...(description ? { name: description } : {}) }}>
          {description ?? query}
        </Link>{" "}
        {words.by(author)}
      </Text>
    </li>
  );
}
