/** From a search to a labeling rule: a search is half of one, its label is chosen on the page of rules. */

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { meQuery } from "@/api/session";
import { policiesQuery } from "@/api/work";
import { sees } from "@/core/roles";
import { toolsText } from "@/text/tools";

export default function RuleOfThis({ workspace, name, q }: { workspace: string; name: string; q: string }) {
  const { data: me } = useQuery(meQuery);
  const { data: policies } = useQuery(policiesQuery(workspace, name));
  if (!me || !(sees(me, workspace) || policies?.annotators_may.includes("write_rules"))) return null;
  return (
    <Button
      size="compact-sm"
      variant="subtle"
      renderRoot={(props) => <Link {...props} to="/datasets/$workspace/$name/rules" params={{ workspace, name }} search={{ q }} />}
    >
      {toolsText.find.makeRule}
    </Button>
  );
}
