/** The audit log, for those who manage something. */

import { Button, Group, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";

import { type AuditFilter, type AuditFormat, auditKey, exportAudit, readAudit } from "@/api/audit";
import { type Me, meQuery } from "@/api/session";
import { managesSomething } from "@/core/roles";
import { saveFile } from "@/core/save-file";
import type { Params } from "@/core/view";
import { audit } from "@/text/audit";
import { t } from "@/text/en";
import { Empty } from "@/ui/empty";

import { Events } from "./events";
import { Filters } from "./filters";
import { narrowed, readFilter, withUsualAreas, writeFilter } from "./audit-filter";

const route = getRouteApi("/inside/audit");

export function AuditPage() {
  const { data: me } = useSuspenseQuery(meQuery);
  return (
    <main className="page" data-top>
      <title>{`${audit.title} · ${t.app}`}</title>
      {managesSomething(me) ? <Log me={me} /> : <Empty page title={audit.forbidden}>{audit.forbiddenIntro}</Empty>}
    </main>
  );
}

function Log({ me }: { me: Me }) {
  const filter = readFilter(route.useSearch() as Params);
  const navigate = route.useNavigate();
  const change = (filter: AuditFilter) => { void navigate({ search: writeFilter(filter) }); };
  return (
    <>
      <Group justify="space-between" align="baseline" mb="xs">
        <Title order={1}>{audit.title}</Title>
        <Downloads filter={withUsualAreas(filter)} />
      </Group>
      <Text c="dimmed" mb="md">
        {audit.intro}
      </Text>
      <Filters key={JSON.stringify(filter)} me={me} filter={filter} change={change} />
      <Found filter={filter} />
    </>
  );
}

function Downloads({ filter }: { filter: AuditFilter }) {
  const [busy, setBusy] = useState<AuditFormat | null>(null);
  const [failure, setFailure] = useState("");
  const take = async (format: AuditFormat) => {
    setBusy(format);
    setFailure("");
    try {
      saveFile(await exportAudit(filter, format), `audit.${format}`);
    } catch (problem) {
      setFailure(problem instanceof Error ? problem.message : String(problem));
    } finally {
      setBusy(null);
    }
  };
  return (
    <Group gap="xs">
      {(["csv", "jsonl"] as const).map((format) => (
        <Button key={format} variant="default" loading={busy === format} onClick={() => void take(format)}>
          {audit[format]}
        </Button>
      ))}
      {failure && <Text role="alert">{failure}</Text>}
    </Group>
  );
}

function Found({ filter }: { filter: AuditFilter }) {
  const shownFilter = withUsualAreas(filter);
  const found = useInfiniteQuery({
    queryKey: auditKey(shownFilter),
    queryFn: ({ pageParam }) => readAudit(shownFilter, pageParam),
    initialPageParam: "",
    getNextPageParam: (last) => last.next,
    refetchOnMount: "always",
  });
  if (found.isError) {
    return (
      <Empty title={audit.failed} alert>
        <p>{found.error.message}</p>
        <Button onClick={() => void found.refetch()}>{t.common.retry}</Button>
      </Empty>
    );
  }
  if (!found.data) {
    return (
      <Stack role="status" aria-label={t.common.loading}>
        <Skeleton h={280} />
      </Stack>
    );
  }
  const events = found.data.pages.flatMap((each) => each.events);
  if (!events.length) {
    return narrowed(filter) ? <Empty title={audit.none}>{audit.noneIntro}</Empty> : <Empty title={audit.nothing}>{audit.nothingIntro}</Empty>;
  }
  return (
    <>
      <Events events={events} />
      {found.hasNextPage && (
        <Button mt="md" variant="default" loading={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {audit.older}
        </Button>
      )}
    </>
  );
}
