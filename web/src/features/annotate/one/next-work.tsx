/** Links to go on with once a queue is done: the dataset with most left, or one's work. */

import { Anchor, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { workQuery } from "@/api/work";
import type { DatasetRef } from "@/core/model";
import { t } from "@/text/en";

export function NextWork({ dataset }: { dataset: DatasetRef }) {
  const { data: work = [] } = useQuery({ ...workQuery, refetchOnMount: "always" });
  const next = work.find((each) => each.left > 0 && !(each.workspace === dataset.workspace && each.name === dataset.name));
  return (
    <>
      {next && (
        <p>
          <Button
            renderRoot={(props: object) => (
              <Link {...props} to="/datasets/$workspace/$name" params={{ workspace: next.workspace, name: next.name }} search={{ view: "queue" }} />
            )}
          >
            {t.work.goOn(next.left, next.name)}
          </Button>
        </p>
      )}
      <p>
        <Anchor component={Link} to="/my-work">
          {t.work.back}
        </Anchor>
      </p>
    </>
  );
}
