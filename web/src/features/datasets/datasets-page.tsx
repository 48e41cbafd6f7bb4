/** All datasets one may see: found by name, workspace, task and tags, with how far each is. */

import { Button, Code, Group, MultiSelect, Select, Skeleton, Text, TextInput, Title } from "@mantine/core";
import { IconPlus, IconSearch, IconX } from "@tabler/icons-react";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";

import { type ListedDataset, datasetsQuery } from "@/api/datasets";
import { meQuery } from "@/api/session";
import type { Params } from "@/core/view";
import { managesSomething } from "@/core/roles";
import { t } from "@/text/en";
import { manageText } from "@/text/manage";
import { Empty } from "@/ui/empty";

import { choicesOf, filterDatasets, readListOptions, sortDatasets, type ListOptions, writeListOptions } from "./choose";
import { Deleted } from "./deleted";
import { DatasetsTable } from "./datasets-table";

const route = getRouteApi("/inside/datasets");

const LOG = `import apportion as rg

rg.init(api_url="${window.location.origin}", api_key="…")
rg.log(rg.TextClassificationRecord(text="It works"), name="my-first-dataset")`;

export function DatasetsPage() {
  const params = route.useSearch() as Params;
  const navigate = route.useNavigate();
  const found = useQuery(datasetsQuery);
  const options = readListOptions(params);
  const change = (part: Partial<ListOptions>) => {
    void navigate({ search: writeListOptions({ ...options, ...part }), replace: true });
  };

  return (
    <main className="page" data-top>
      <title>{`${t.datasets.title} · ${t.app}`}</title>
      {found.isPending ? (
        <Loading />
      ) : found.isError ? (
        <Empty page title={t.datasets.failed} alert>
          <p>{found.error.message}</p>
          <Button onClick={() => void found.refetch()}>{t.common.retry}</Button>
        </Empty>
      ) : found.data.length === 0 ? (
        <NoDatasets />
      ) : (
        <Found all={found.data} options={options} change={change} />
      )}
      {found.data && <Deleted />}
    </main>
  );
}

function Found({ all, options, change }: { all: ListedDataset[]; options: ListOptions; change: (part: Partial<ListOptions>) => void }) {
  const matching = filterDatasets(all, options);
  const shown = sortDatasets(matching, options.sort);
  const choices = choicesOf(all, options);
  const filtered = Boolean(options.q || options.workspace.length || options.task || options.tags.length);
  return (
    <>
      <Group justify="space-between" mb="sm" align="baseline">
        <Group align="baseline" gap="sm">
          <Title order={1}>{t.datasets.title}</Title>
          <Text size="sm" c="dimmed" role="status">
            {matching.length === all.length ? t.datasets.count(all.length) : t.datasets.countOf(matching.length, all.length)}
          </Text>
        </Group>
        <NewDataset />
      </Group>
      <Group mb="md" gap="xs" role="search">
        <TextInput
          aria-label={t.datasets.search}
          placeholder={t.datasets.search}
          leftSection={<IconSearch size={16} />}
          value={options.q}
          onChange={(event) => { change({ q: event.currentTarget.value }); }}
          w={260}
        />
        <MultiSelect
          aria-label={t.datasets.workspace}
          placeholder={options.workspace.length ? "" : t.datasets.workspace}
          data={choices.workspaces}
          value={[...options.workspace]}
          onChange={(workspace) => { change({ workspace }); }}
          searchable
          clearable
          miw={200}
          hidePickedOptions
        />
        <Select
          aria-label={t.datasets.task}
          placeholder={t.datasets.task}
          data={choices.tasks.map((value) => ({ value, label: t.tasks[value] }))}
          value={options.task}
          onChange={(task) => { change({ task }); }}
          clearable
          w={200}
        />
        {choices.tags.length > 0 && (
          <MultiSelect
            aria-label={t.datasets.tags}
            placeholder={options.tags.length ? "" : t.datasets.tags}
            data={choices.tags}
            value={[...options.tags]}
            onChange={(tags) => { change({ tags }); }}
            searchable
            clearable
            miw={200}
            hidePickedOptions
          />
        )}
        {filtered && (
          <Button
            variant="subtle"
            color="gray"
            leftSection={<IconX size={14} />}
            onClick={() => { change({ q: "", workspace: [], task: null, tags: [] }); }}
          >
            {t.datasets.clearFilters}
          </Button>
        )}
      </Group>
      {shown.length ? (
        <DatasetsTable datasets={shown} sort={options.sort} onSort={(sort) => { change({ sort }); }} />
      ) : (
        <Empty title={t.datasets.noMatch}>{t.datasets.noMatchIntro}</Empty>
      )}
    </>
  );
}

function NewDataset() {
  const { data: me } = useSuspenseQuery(meQuery);
  if (!managesSomething(me)) return null;
  return (
    <Button leftSection={<IconPlus size={16} />} renderRoot={(props: object) => <Link {...props} to="/datasets/new" search={{}} />}>
      {manageText.create.open}
    </Button>
  );
}

function NoDatasets() {
  const { data: me } = useSuspenseQuery(meQuery);
  const mayLog = managesSomething(me);
  return mayLog ? (
    <Empty page title={t.datasets.none} code={LOG}>
      <NewDataset />
      <p>{t.datasets.noneIntro}</p>
    </Empty>
  ) : (
    <Empty page title={t.datasets.none}>
      {t.datasets.noneAnnotator} {me.workspaces.length > 0 && <Code>{me.workspaces.join(", ")}</Code>}
    </Empty>
  );
}

function Loading() {
  return (
    <div role="status" aria-label={t.common.loading}>
      <Skeleton h={28} w={160} mb="md" />
      {[1, 2, 3, 4].map((each) => (
        <Skeleton key={each} h={40} mb={8} />
      ))}
    </div>
  );
}
