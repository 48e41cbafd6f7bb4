/** Webhooks of a workspace or of the server: set up, tried, enabled again, and what they sent. */

import { Anchor, Button, Group, Select, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";

import { workspacesQuery } from "@/api/people";
import { meQuery } from "@/api/session";
import { webhooksQuery } from "@/api/webhooks";
import { manages, managesSomething } from "@/core/roles";
import type { Params } from "@/core/view";
import { t } from "@/text/en";
import { hooks } from "@/text/webhooks";
import { Empty } from "@/ui/empty";

import { Secret } from "./secret";
import { WebhookCard } from "./webhook-card";
import { WebhookForm } from "./webhook-form";

const route = getRouteApi("/inside/webhooks");
/** Stands for the whole server where workspaces are chosen: no workspace can be called so. */
const SERVER = "*";

export function WebhooksPage() {
  const { data: me } = useSuspenseQuery(meQuery);
  const params = route.useSearch() as Params;
  const navigate = route.useNavigate();
  const found = useQuery(workspacesQuery);
  const chosen = [params["workspace"] ?? ""].flat()[0] ?? "";
  if (!managesSomething(me)) {
    return (
      <main className="page" data-top>
        <Empty page title={hooks.notForYou}>{hooks.notForYouIntro}</Empty>
      </main>
    );
  }
  const mine = (found.data ?? []).filter((each) => manages(me, each.name)).map((each) => each.name);
  const places = [...mine.map((each) => ({ value: each, label: each })), ...(me.role === "admin" ? [{ value: SERVER, label: hooks.server }] : [])];
  const place = places.find((each) => each.value === chosen) ?? places[0];
  return (
    <main className="page" data-top>
      <title>{`${hooks.title} · ${t.app}`}</title>
      <Anchor component={Link} to="/people" search={{} as never} size="sm">
        {hooks.back}
      </Anchor>
      <Title order={1}>{hooks.title}</Title>
      <Text size="sm" c="dimmed" mb="md">
        {hooks.intro}
      </Text>
      {found.isPending && <Skeleton h={240} role="progressbar" aria-label={t.common.loading} />}
      {found.isError && <Empty title={hooks.failed} alert>{found.error.message}</Empty>}
      {/* before the workspaces are there, "of the server" would be all that can be chosen */}
      {place && !found.isPending && (
        <Place
          key={place.value}
          workspace={place.value === SERVER ? null : place.value}
          choose={
            <Select
              label={hooks.place}
              data={places}
              value={place.value}
              onChange={(value) => { if (value) void navigate({ search: { workspace: value }, replace: true }); }}
              allowDeselect={false}
              searchable
              w={260}
            />
          }
        />
      )}
    </main>
  );
}

function Place({ workspace, choose }: { workspace: string | null; choose: React.ReactNode }) {
  const found = useQuery(webhooksQuery(workspace));
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState("");
  return (
    <Stack gap="sm">
      <Group align="flex-end" justify="space-between">
        {choose}
        <Button leftSection={<IconPlus size={16} />} onClick={() => { setAdding(true); }}>
          {hooks.create}
        </Button>
      </Group>
      {secret && <Secret key={secret} secret={secret} onKept={() => { setSecret(""); }} />}
      {found.isPending && <Skeleton h={160} role="progressbar" aria-label={t.common.loading} />}
      {found.isError && <Empty title={hooks.failed} alert>{found.error.message}</Empty>}
      {found.data?.webhooks.length === 0 && <Empty title={hooks.empty}>{hooks.emptyIntro}</Empty>}
      {found.data?.webhooks.map((each) => <WebhookCard key={each.id} webhook={each} known={found.data.known_events} onSecret={setSecret} />)}
      {adding && (
        <WebhookForm
          workspace={workspace}
          known={found.data?.known_events ?? []}
          onClose={() => { setAdding(false); }}
          onSecret={setSecret}
        />
      )}
    </Stack>
  );
}
