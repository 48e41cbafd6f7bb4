/** A number that opens the records behind it. */

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { DatasetRef } from "@/core/model";

interface Props {
  readonly dataset: DatasetRef;
  readonly query: string;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

export function RecordsLink({ dataset, query, className, children }: Props) {
  const { workspace, name } = dataset;
  return (
    <Link to="/datasets/$workspace/$name" params={{ workspace, name }} search={{ q: query, view: "list" }} className={className} preload={false}>
      {children}
    </Link>
  );
}
