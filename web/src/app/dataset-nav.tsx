/** The pages of one dataset, for those who lead its team; annotators have only one of them. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { meQuery } from "@/api/session";
import { manages, sees } from "@/core/roles";
import { t } from "@/text/en";
import { teamText } from "@/text/team";

import classes from "./shell.module.css";

export default function DatasetNav({ workspace, name }: { workspace: string; name: string }) {
  const { data: me } = useQuery(meQuery);
  if (!me || !sees(me, workspace)) return null;
  const params = { workspace, name };
  return (
    <nav className={classes["nav"]} aria-label={teamText.nav.label}>
      <Link to="/datasets/$workspace/$name" params={params} activeOptions={{ exact: true, includeSearch: false }}>
        {teamText.nav.records}
      </Link>
      <Link to="/datasets/$workspace/$name/team" params={params}>
        {teamText.nav.team}
      </Link>
      <Link to="/datasets/$workspace/$name/review" params={params} activeOptions={{ exact: true, includeSearch: false }}>
        {t.review.title}
      </Link>
      <Link to="/datasets/$workspace/$name/agreement" params={params} activeOptions={{ exact: true, includeSearch: false }}>
        {t.agreement.title}
      </Link>
      {manages(me, workspace) && (
        <Link to="/datasets/$workspace/$name/settings" params={params} search={{}} activeOptions={{ exact: true, includeSearch: false }}>
          {teamText.nav.settings}
        </Link>
      )}
    </nav>
  );
}
