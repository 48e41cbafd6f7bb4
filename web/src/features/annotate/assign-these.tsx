/** From a search or a filter straight to sharing out what it finds. */

import { Button } from "@mantine/core";
import { IconUsersPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { meQuery } from "@/api/session";
import { manages } from "@/core/roles";
import { DEFAULT_VIEW, type View, writeView } from "@/core/view";
import { teamText } from "@/text/team";

export default function AssignThese({ workspace, name, view }: { workspace: string; name: string; view: View }) {
  const { data: me } = useQuery(meQuery);
  if (!me || !manages(me, workspace)) return null;
  const { q, filters } = view;
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<IconUsersPlus size={14} />}
      renderRoot={(props) => (
        <Link
          {...props}
          to="/datasets/$workspace/$name/team"
          params={{ workspace, name }}
          search={{ ...writeView({ ...DEFAULT_VIEW, q, filters }), assign: "1" }}
        />
      )}
    >
      {q || Object.keys(filters).length ? teamText.assign.these : teamText.assign.open}
    </Button>
  );
}
