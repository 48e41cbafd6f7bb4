/** Users and workspaces: accounts for administrators, members of workspaces for managers. */

import { Button, Group, Tabs, Title } from "@mantine/core";
import { IconUserPlus } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import { meQuery } from "@/api/session";
import { managesSomething } from "@/core/roles";
import type { Params } from "@/core/view";
import { t } from "@/text/en";
import { manageText } from "@/text/manage";
import { Empty } from "@/ui/empty";

import { Users } from "./users";
import { Workspaces } from "./workspaces";

const AddPeople = lazy(() => import("./add-people"));
const route = getRouteApi("/inside/people");

export function PeoplePage() {
  const { data: me } = useSuspenseQuery(meQuery);
  const params = route.useSearch() as Params;
  const navigate = route.useNavigate();
  const admin = me.role === "admin";
  const workspace = [params["workspace"] ?? ""].flat()[0] ?? "";
  const go = (search: Params) => void navigate({ search, replace: true });
  const choose = (name: string) => { go({ workspace: name }); };
  if (!managesSomething(me)) {
    return (
      <main className="page" data-top>
        <Empty page title={manageText.people.notForYou}>{manageText.people.notForYouIntro}</Empty>
      </main>
    );
  }
  return (
    <main className="page" data-top>
      <title>{`${manageText.people.title} · ${t.app}`}</title>
      <Group justify="space-between" mb="md">
        <Title order={1}>{manageText.people.title}</Title>
        <Group gap="xs">
          <Button variant="default" renderRoot={(props: object) => <Link {...props} to="/webhooks" search={{ workspace }} />}>
            {manageText.people.webhooks}
          </Button>
          {admin && (
            <Button leftSection={<IconUserPlus size={16} />} onClick={() => { go({ ...params, add: "1" }); }}>
              {manageText.people.add}
            </Button>
          )}
        </Group>
      </Group>
      {admin ? (
        <Tabs value={workspace ? "workspaces" : "users"} onChange={(tab) => { go(tab === "workspaces" ? { workspace: "-" } : {}); }} keepMounted={false}>
          <Tabs.List mb="md">
            <Tabs.Tab value="users">{manageText.people.users}</Tabs.Tab>
            <Tabs.Tab value="workspaces">{manageText.people.workspaces}</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="users">
            <Users />
          </Tabs.Panel>
          <Tabs.Panel value="workspaces">
            <Workspaces chosen={workspace} onChoose={choose} />
          </Tabs.Panel>
        </Tabs>
      ) : (
        <Workspaces chosen={workspace} onChoose={choose} />
      )}
      {admin && params["add"] !== undefined && (
        <Suspense>
          <AddPeople
            onClose={() => {
              go(workspace ? { workspace } : {});
            }}
          />
        </Suspense>
      )}
    </main>
  );
}
