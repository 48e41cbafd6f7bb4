/** Settings of a dataset: labels, guidelines, policies, tags, and its end. */

import { Anchor } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";

import { meQuery } from "@/api/session";
import { DatasetFrame } from "@/app/dataset-frame";
import { manages } from "@/core/roles";
import { manageText } from "@/text/manage";
import { Empty } from "@/ui/empty";

import { DangerZone } from "./danger-zone";
import { Guidelines } from "./guidelines";
import { Labels } from "./labels";
import { Policies } from "./policies";
import classes from "./settings.module.css";
import { Tags } from "./tags";

const route = getRouteApi("/inside/datasets/$workspace/$name/settings");

const PARTS = [
  ["labels", manageText.settings.labels.title, Labels],
  ["guidelines", manageText.settings.guidelines.title, Guidelines],
  ["policies", manageText.settings.policies.title, Policies],
  ["tags", manageText.settings.tags.title, Tags],
  ["danger", manageText.settings.danger.title, DangerZone],
] as const;

/** A bare `#labels` would be an address below the base of the app. */
function goTo(event: React.MouseEvent, id: string) {
  event.preventDefault();
  const part = document.getElementById(id);
  part?.scrollIntoView({ block: "start" });
  part?.focus({ preventScroll: true });
}

export function DatasetSettingsPage() {
  const { workspace, name } = route.useParams();
  const { data: me } = useSuspenseQuery(meQuery);
  return (
    <DatasetFrame key={`${workspace}/${name}`} workspace={workspace} name={name} title={manageText.settings.title}>
      {(dataset) =>
        manages(me, workspace) ? (
          <div className={classes["page"]}>
            <nav className={classes["toc"]} aria-label={manageText.settings.title}>
              {PARTS.map(([id, title]) => (
                <a key={id} href={`#${id}`} onClick={(event) => { goTo(event, id); }}>
                  {title}
                </a>
              ))}
            </nav>
            <div className={classes["parts"]}>
              {PARTS.map(([id, , Part]) => (
                <div key={id} id={id} tabIndex={-1} style={{ outline: "none" }}>
                  <Part dataset={dataset} />
                </div>
              ))}
            </div>
          </div>
        ) : (
          <Empty title={manageText.settings.notForYou}>
            <p>{manageText.settings.notForYouIntro(workspace)}</p>
            <Anchor component={Link} to="/datasets/$workspace/$name" params={{ workspace, name } as never}>
              {manageText.settings.toRecords}
            </Anchor>
          </Empty>
        )
      }
    </DatasetFrame>
  );
}
