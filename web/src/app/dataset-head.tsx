/** The head of every page of a dataset: its name and pages to the left, what can be done to the right. */

import { ActionIcon, CopyButton, Title } from "@mantine/core";
import { IconCheck, IconCopy, IconLink } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { t } from "@/text/en";

import classes from "./dataset-head.module.css";
import DatasetNav from "./dataset-nav";

interface Props {
  readonly workspace: string;
  readonly name: string;
  /** Title of the page, for those who do not see it. */
  readonly title?: string;
  readonly children?: ReactNode;
}

export function DatasetHead({ workspace, name, title, children }: Props) {
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
      <DatasetNav workspace={workspace} name={name} />
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
