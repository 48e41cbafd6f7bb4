/** The head of every page of a dataset: its name and pages to the left, what can be done to the right. */

import { ActionIcon, CopyButton, Title } from "@mantine/core";
import { IconCheck, IconCopy, IconLink } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";

import { meQuery } from "@/api/session";
import { policiesQuery } from "@/api/work";
import { sees } from "@/core/roles";
import { t } from "@/text/en";

import classes from "./dataset-head.module.css";

const DatasetNav = lazy(() => import("./dataset-nav"));

interface Props {
  readonly workspace: string;
  readonly name: string;
  /** Which of its pages this is, for those who do not see it. */
  readonly title?: string;
  readonly children?: ReactNode;
}

export function DatasetHead({ workspace, name, title, children }: Props) {
  const { data: me } = useSuspenseQuery(meQuery);
  const { data: policies } = useQuery(policiesQuery(workspace, name));
  const hasPages = sees(me, workspace) || policies?.annotators_may.includes("write_rules");
  return (
    <div className={classes["head"]}>
      <Title order={1} className={classes["title"] ?? ""}>
        <Link to="/datasets" search={{ workspace }} className={classes["workspace"]}>
          {workspace}
        </Link>
        <span className={classes["slash"]}> / </span>
        {name}
        {title && <span className="sr-only"> · {title}</span>}
      </Title>
      <span className={classes["copies"]}>
        <Copy text={name} label={t.datasets.copyName(name)}>
          <IconCopy size={15} />
        </Copy>
        <Copy text={window.location.href} label={t.datasets.copyLink(name)}>
          <IconLink size={15} />
        </Copy>
      </span>
      {hasPages && (
        <Suspense>
          <DatasetNav workspace={workspace} name={name} />
        </Suspense>
      )}
      <div className={classes["tools"]}>{children}</div>
    </div>
  );
}

function Copy({ text, label, children }: { text: string; label: string; children: ReactNode }) {
  return (
    <CopyButton value={text} timeout={1500}>
      {({ copied, copy }) => (
        <ActionIcon size={24} aria-label={copied ? t.common.copied : label} title={copied ? t.common.copied : label} onClick={copy}>
          {copied ? <IconCheck size={15} /> : children}
        </ActionIcon>
      )}
    </CopyButton>
  );
}
