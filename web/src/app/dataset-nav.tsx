/** The pages of one dataset, for those who lead its team; annotators have its records, and its rules where they may write them. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { datasetQuery } from "@/api/datasets";
import { meQuery } from "@/api/session";
import { policiesQuery } from "@/api/work";
import { manages, sees } from "@/core/roles";
import { t } from "@/text/en";
import { frameText } from "@/text/frame";

import classes from "./shell.module.css";

export default function DatasetNav({ workspace, name }: { workspace: string; name: string }) {
  const { data: me } = useQuery(meQuery);
  const { data: dataset } = useQuery(datasetQuery(workspace, name));
  const { data: policies } = useQuery(policiesQuery(workspace, name));
  if (!me) return null;
  const params = { workspace, name };
  const leads = sees(me, workspace);
  const hasRules = dataset?.task === "TextClassification" && (leads || policies?.annotators_may.includes("write_rules"));
  if (!leads && !hasRules) return null;
  return (
    <nav className={classes["nav"]} aria-label={frameText.nav.label}>
      <Link to="/datasets/$workspace/$name" params={params} activeOptions={{ exact: true, includeSearch: false }}>
        {frameText.nav.records}
      </Link>
      {leads && (
        <>
          <Link to="/datasets/$workspace/$name/team" params={params}>
            {frameText.nav.team}
          </Link>
          <Link to="/datasets/$workspace/$name/review" params={params} activeOptions={{ exact: true, includeSearch: false }}>
            {t.leaders.review}
          </Link>
          <Link to="/datasets/$workspace/$name/agreement" params={params} activeOptions={{ exact: true, includeSearch: false }}>
            {t.leaders.agreement}
          </Link>
        </>
      )}
      {hasRules && (
        <Link to="/datasets/$workspace/$name/rules" params={params} search={{}} activeOptions={{ exact: true, includeSearch: false }}>
          {frameText.nav.rules}
        </Link>
      )}
      {manages(me, workspace) && (
        <Link to="/datasets/$workspace/$name/settings" params={params} search={{}} activeOptions={{ exact: true, includeSearch: false }}>
          {frameText.nav.settings}
        </Link>
      )}
    </nav>
  );
}
