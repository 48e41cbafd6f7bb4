/** The way from an empty server to a team at work: people, records, assignment. */

import { Button, Text, Title } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { ListedDataset } from "@/api/datasets";
import { manageText } from "@/text/manage";

import classes from "./overview.module.css";

interface Props {
  readonly annotators: number;
  readonly datasets: readonly ListedDataset[];
  readonly assigned: boolean;
  readonly admin: boolean;
}

export function Start({ annotators, datasets, assigned, admin }: Props) {
  const first = datasets.find((each) => each.records > 0);
  const done = [annotators > 0, datasets.length > 0, assigned];
  const next = done.indexOf(false);
  const look = (at: number) => ({ variant: at === next ? "filled" : "default", size: "sm" as const });
  return (
    <section aria-label={manageText.start.title}>
      <Title order={2} mb={2}>
        {manageText.start.title}
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        {manageText.start.intro}
      </Text>
      <ol className={classes["steps"]}>
        <Step at={1} title={manageText.start.people} done={done[0]} next={next === 0} intro={done[0] ? manageText.start.peopleDone(annotators) : manageText.start.peopleIntro}>
          <Button {...look(0)} renderRoot={(props: object) => <Link {...props} to="/people" search={admin ? { add: "1" } : {}} />}>
            {manageText.start.peopleDo}
          </Button>
        </Step>
        <Step at={2} title={manageText.start.data} done={done[1]} next={next === 1} intro={done[1] ? manageText.start.dataDone(datasets.length) : manageText.start.dataIntro}>
          <Button {...look(1)} renderRoot={(props: object) => <Link {...props} to="/datasets/new" search={{}} />}>
            {manageText.start.dataDo}
          </Button>
        </Step>
        <Step at={3} title={manageText.start.assign} done={done[2]} next={next === 2} intro={first ? manageText.start.assignIntro : `${manageText.start.assignIntro} ${manageText.start.assignWait}`}>
          {first && (
            <Button
              {...look(2)}
              renderRoot={(props: object) => (
                <Link {...props} to="/datasets/$workspace/$name/team" params={{ workspace: first.workspace, name: first.name }} search={{ assign: "1" }} />
              )}
            >
              {manageText.start.assignDo(first.name)}
            </Button>
          )}
        </Step>
      </ol>
    </section>
  );
}

function Step(props: { at: number; title: string; intro: string; done: boolean | undefined; next: boolean; children: ReactNode }) {
  return (
    <li className={classes["step"]} data-done={props.done ? true : undefined} data-next={props.next ? true : undefined}>
      <span className={classes["steptitle"]}>
        <span className={classes["badge"]} aria-hidden>
          {props.done ? <IconCheck size={15} /> : props.at}
        </span>
        {props.title}
        {props.done && <span className="sr-only">({manageText.start.done})</span>}
      </span>
      <p>{props.intro}</p>
      <div>{props.children}</div>
    </li>
  );
}
