/** A number that leads to the records behind it. */

import { Link } from "@tanstack/react-router";

import type { DatasetRef } from "@/core/model";
import { n } from "@/text/en";

import classes from "./team.module.css";

export function RecordsLink(props: { dataset: DatasetRef; count: number; search: string; label?: string }) {
  const { workspace, name } = props.dataset;
  if (!props.count) return <>0</>;
  return (
    <Link
      to="/datasets/$workspace/$name"
      params={{ workspace, name }}
      search={{ ...(props.search ? { q: props.search } : {}), view: "list" }}
      className={classes["number"]}
      {...(props.label ? { "aria-label": `${n(props.count)}, ${props.label}` } : {})}
    >
      {n(props.count)}
    </Link>
  );
}
