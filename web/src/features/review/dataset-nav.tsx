/** The pages of a dataset for those who lead its team. */

import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { meQuery } from "@/api/session";
import { t } from "@/text/en";

import classes from "./dataset-nav.module.css";
import { mayReview } from "./roles";

/** Nothing for annotators, who only have the first of these pages. */
export function DatasetNav({ workspace, name }: { workspace: string; name: string }) {
  const { data: me } = useSuspenseQuery(meQuery);
  if (!mayReview(me, workspace)) return null;
  const params = { workspace, name };
  const exact = { activeOptions: { exact: true, includeSearch: false } };
  return (
    <nav className={classes["nav"]} aria-label={t.review.pages}>
      <Link to="/datasets/$workspace/$name" params={params} {...exact}>
        {t.review.records}
      </Link>
      <Link to="/datasets/$workspace/$name/review" params={params} {...exact}>
        {t.review.title}
      </Link>
      <Link to="/datasets/$workspace/$name/agreement" params={params} {...exact}>
        {t.agreement.title}
      </Link>
    </nav>
  );
}
