/** Records that somebody has not done yet, before they leave; and what becomes of it. */

import { Anchor, List, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { teamOverviewQuery } from "@/api/lead";
import { t } from "@/text/en";
import { manageText } from "@/text/manage";

/** In one workspace, or in all. */
export function OpenWork({ username, workspace }: { username: string; workspace?: string }) {
  const found = useQuery({ ...teamOverviewQuery, staleTime: 0 });
  if (found.isPending) return <Skeleton h={40} role="progressbar" aria-label={t.common.loading} />;
  if (found.isError) return null;
  const open = found.data.datasets
    .filter((each) => workspace === undefined || each.workspace === workspace)
    .flatMap((each) => {
      const mine = each.people.find((person) => person.annotator === username);
      const left = mine ? mine.assigned - mine.done - mine.skipped : 0;
      return left > 0 ? [{ workspace: each.workspace, name: each.name, left }] : [];
    });
  if (!open.length) {
    return (
      <Text size="sm" c="dimmed">
        {manageText.people.noPending}
      </Text>
    );
  }
  return (
    <div>
      <Text size="sm">{manageText.people.pending(open.reduce((sum, each) => sum + each.left, 0))}</Text>
      <List size="sm" my={4}>
        {open.map(({ workspace: where, name, left }) => (
          <List.Item key={`${where}/${name}`}>
            <Anchor component={Link} to="/datasets/$workspace/$name/team" params={{ workspace: where, name } as never} size="sm">
              {manageText.people.pendingIn(name, left)}
            </Anchor>
          </List.Item>
        ))}
      </List>
      <Text size="sm" c="dimmed">
        {manageText.people.pendingThen}
      </Text>
    </div>
  );
}
