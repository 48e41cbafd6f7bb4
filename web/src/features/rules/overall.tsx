/** All rules together: what they cover, what they leave open and disagree on, and sharing that out. */

import { Button, Code } from "@mantine/core";
import { IconCopy, IconUsersPlus } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";

import { RecordsLink } from "@/app/records-link";
import type { DatasetRef } from "@/core/model";
import { type AllFigures, byLabel, CONFLICT, countOf, COVERED, OPEN } from "@/core/rules";
import { DEFAULT_VIEW, writeView } from "@/core/view";
import type { LabelSet } from "@/record/use-labels";
import { n } from "@/text/en";
import { percent } from "@/text/format";
import { rulesText } from "@/text/rules";
import { trainText } from "@/text/train";
import { Bar } from "@/ui/bar";
import { Copy } from "@/ui/copy";

import { LabelTag } from "./label-tag";
import classes from "./rules.module.css";
import { votesCode } from "./votes";

const words = rulesText.overall;

interface Props {
  readonly dataset: DatasetRef;
  readonly all: AllFigures;
  readonly labels: LabelSet;
  readonly several: boolean;
  readonly leads: boolean;
}

export function Overall({ dataset, all, labels, several, leads }: Props) {
  const { total_records: total, annotated_records: annotated, covered_records: covered } = all;
  const conflicts = countOf(all.conflicts, total);
  return (
    <>
      <section className={classes["sheet"]} aria-label={words.title}>
        <h2>{words.title}</h2>
        <Share dataset={dataset} name={words.covered} count={covered} total={total} query={COVERED} />
        {annotated > 0 && <Share dataset={dataset} name={words.annotated} count={all.annotated_covered_records} total={annotated} query={`${COVERED} AND _exists_:annotated_as`} />}
        {all.precision !== undefined && (
          <p className={classes["fact"]}>
            {words.precision} <strong>{percent(all.precision)}</strong>{" "}
            <span className={classes["few"]}>{words.precisionOf(all.correct ?? 0, all.incorrect ?? 0)}</span>
          </p>
        )}
        <Fact dataset={dataset} name={words.open} count={total - covered} query={OPEN} leads={leads} />
        {!several && <Fact dataset={dataset} name={words.conflict} count={conflicts} query={CONFLICT} leads={leads} />}
      </section>
      {all.rules.length > 0 && (
        <>
          <section className={classes["sheet"]} aria-label={words.byLabel}>
            <h2>{words.byLabel}</h2>
            <table className={classes["bylabel"]}>
              <thead>
                <tr>
                  {[words.label, words.rules, rulesText.figures.right, rulesText.figures.wrong].map((each) => <th key={each} scope="col">{each}</th>)}
                </tr>
              </thead>
              <tbody>
                {byLabel(all.rules, labels.options.map((each) => each.name)).map((each) => (
                  <tr key={each.label}>
                    <th scope="row"><LabelTag name={each.label} hue={labels.hue(each.label)} /></th>
                    <td>{each.rules ? n(each.rules) : words.none}</td>
                    <td>{annotated && each.rules ? n(each.correct) : rulesText.figures.unknown}</td>
                    <td>{annotated && each.rules ? n(each.incorrect) : rulesText.figures.unknown}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </section>
          {leads && <Votes dataset={dataset} several={several} />}
        </>
      )}
    </>
  );
}

function Share({ dataset, name, count, total, query }: { dataset: DatasetRef; name: string; count: number; total: number; query: string }) {
  const share = total ? count / total : 0;
  return (
    <div className={classes["fact"]}>
      <div>
        {name} <strong>{percent(share)}</strong> <span className={classes["few"]}>
          {count ? <RecordsLink dataset={dataset} query={query}>{rulesText.figures.of(count, total)}</RecordsLink> : rulesText.figures.of(count, total)}
        </span>
      </div>
      <Bar parts={[{ share, kind: "done" }]} label={`${name}: ${percent(share)}`} />
    </div>
  );
}

/** Records that are still to be done by people, with the way to share them out. */
function Fact({ dataset, name, count, query, leads }: { dataset: DatasetRef; name: string; count: number; query: string; leads: boolean }) {
  const { workspace, name: dataset_ } = dataset;
  return (
    <div className={classes["open"]}>
      <span>
        {name} {count ? <RecordsLink dataset={dataset} query={query}><strong>{n(count)}</strong><span className="sr-only"> {rulesText.sample.all(count)}</span></RecordsLink> : <strong>0</strong>}
      </span>
      {leads && count > 0 && (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={words.assignThose(name)}
          leftSection={<IconUsersPlus size={14} />}
          renderRoot={(root) => (
            <Link
              {...root}
              to="/datasets/$workspace/$name/team"
              params={{ workspace, name: dataset_ }}
              search={{ ...writeView({ ...DEFAULT_VIEW, q: query }), assign: "1" }}
            />
          )}
        >
          {words.assign}
        </Button>
      )}
    </div>
  );
}

function Votes({ dataset, several }: { dataset: DatasetRef; several: boolean }) {
  const code = votesCode(dataset, document.baseURI, several);
  return (
    <section className={classes["sheet"]} aria-label={rulesText.votes.title}>
      <div className={classes["head"]}>
        <h2>{rulesText.votes.title}</h2>
        <Copy text={code} label={rulesText.votes.copy}>
          <IconCopy size={16} />
        </Copy>
      </div>
      <p className={classes["note"]}>{rulesText.votes.intro} {trainText.key}</p>
      <Code block className={classes["code"] ?? ""} tabIndex={0}>{code}</Code>
    </section>
  );
}
