/** A new dataset: from a file, with a mapping of its columns and a look at what they make, or an empty one. */

import { Alert, Button, Radio, Group, SegmentedControl, Select, Skeleton, Stack, Switch, TagsInput, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";

import { createDataset, saveLabels, saveSpanRules, type SpanRules } from "@/api/dataset-settings";
import { datasetsQuery } from "@/api/datasets";
import { usersQuery, workspacesQuery } from "@/api/people";
import { meQuery } from "@/api/session";
import { type Column, columnsOf, guess, guessTask, nameFrom, troubleWith } from "@/core/columns";
import { doneCount, labelsFound } from "@/core/file-scan";
import type { DatasetRef, Task } from "@/core/model";
import { isName } from "@/core/people";
import { manages, managesSomething } from "@/core/roles";
import { t } from "@/text/en";
import { manageText } from "@/text/manage";
import { Card } from "@/ui/card";
import { Empty } from "@/ui/empty";

import { AnswersQuestion } from "./answers";
import { ColumnsTable, FirstRecords } from "./columns-table";
import { Drop } from "./drop";
import classes from "./new-dataset.module.css";
import { ReadAsCard, Replaced } from "./read-as";
import { BadRows, Done, Working } from "./results";
import { useFile } from "./use-file";
import { useImport } from "./use-import";

const TASKS: readonly Task[] = ["TextClassification", "TokenClassification", "Text2Text"];
const NO_SPANS: SpanRules = { overlapping: false, characters: false };

export function NewDatasetPage() {
  const { data: me } = useSuspenseQuery(meQuery);
  const workspaces = useQuery(workspacesQuery);
  const users = useQuery({ ...usersQuery, enabled: me.role === "admin" });
  const mine = workspaces.data?.map((each) => each.name).filter((each) => manages(me, each));
  // teams work in workspaces that are nobody's own
  const personal = new Set([me.username, ...(users.data?.map((each) => each.username) ?? [])]);
  const ordered = mine && [...mine.filter((each) => !personal.has(each)), ...mine.filter((each) => personal.has(each))];
  return (
    <main className="page" data-top data-narrow>
      <title>{`${manageText.create.title} · ${t.app}`}</title>
      <Title order={1} mb="md">
        {manageText.create.title}
      </Title>
      {!managesSomething(me) ? (
        <Empty title={manageText.create.notForYou}>{manageText.create.notForYouIntro}</Empty>
      ) : workspaces.isError ? (
        <Empty title={manageText.people.failed} alert>
          <p>{workspaces.error.message}</p>
          <Button onClick={() => void workspaces.refetch()}>{t.common.retry}</Button>
        </Empty>
      ) : !ordered || (me.role === "admin" && users.isPending) ? (
        <Skeleton h={320} role="progressbar" aria-label={t.common.loading} />
      ) : ordered.length ? (
        <Form workspaces={ordered} />
      ) : (
        <Empty title={manageText.create.notForYou}>{manageText.create.noWorkspace}</Empty>
      )}
    </main>
  );
}

function tagsFrom(texts: readonly string[]): { tags: Record<string, string>; bad: string | null } {
  const pairs = texts.map((each) => /^\s*([^:]+?)\s*:\s*(.*?)\s*$/.exec(each));
  const bad = texts.find((_, at) => !pairs[at]) ?? null;
  return { tags: Object.fromEntries(pairs.flatMap((each) => (each ? [[each[1] ?? "", each[2] ?? ""]] : []))), bad };
}

function Form({ workspaces }: { workspaces: readonly string[] }) {
  const cache = useQueryClient();
  const known = useQuery({ ...datasetsQuery, refetchOnMount: "always" });
  const [how, setHow] = useState<"file" | "empty">("file");
  const [name, setName] = useState("");
  const [workspace, setWorkspace] = useState(workspaces[0] ?? "");
  const [task, setTask] = useState<Task>("TextClassification");
  const [columns, setColumns] = useState<readonly Column[]>([]);
  const [added, setAdded] = useState<readonly string[]>([]);
  const [replacedToo, setReplacedToo] = useState(false);
  const [multiLabel, setMultiLabel] = useState(false);
  const [spans, setSpans] = useState(NO_SPANS);
  const [tagTexts, setTagTexts] = useState<readonly string[]>([]);
  const coming = useImport();
  const { look, unread, choose, readAs } = useFile({
    onRows: (file, rows, again) => {
      const kind = again ? task : guessTask(rows);
      const names = columnsOf(rows);
      setTask(kind);
      // what was said of the columns stays, unless there are others now
      setColumns((now) => (again && now.length === names.length && now.every((each, at) => each.name === names[at]) ? now : guess(rows, kind)));
      setReplacedToo(false);
      coming.reset();
      setName((now) => now || nameFrom(file.name));
    },
  });
  const { tags, bad: badTag } = tagsFrom(tagTexts);

  const there = known.data?.find((each) => each.workspace === workspace && each.name === name);
  const { state } = coming;
  const finished = state.step === "done";
  const clash = there && !finished && (how === "empty" ? manageText.create.taken : there.task !== task ? manageText.create.otherTask : null);
  const badName = name !== "" && !isName(name) ? manageText.create.badName : clash;
  const trouble = look ? troubleWith(columns, task) : null;
  const dataset: DatasetRef = { workspace, name, task };
  const scan = look?.scan ?? null;
  const found = how === "file" && scan && task !== "Text2Text" ? labelsFound(scan, columns) : [];
  const labels = [...new Set([...found, ...added])];
  const done = scan ? doneCount(scan, columns) : 0;
  const unsafe = Boolean(scan?.replaced) && !replacedToo;
  const wanted = scan && look && { source: look.source, dataset, columns, multiLabel, spans: task === "TokenClassification" ? spans : NO_SPANS, labels, tags, exists: Boolean(there) };

  const made = useMutation({
    mutationFn: async () => {
      await createDataset({ workspace, name, task, tags });
      if (labels.length && task !== "Text2Text") await saveLabels(dataset, labels.map((each) => ({ id: each, name: each, colour: "", shortcut: "", description: "" })));
      if (task === "TokenClassification" && (spans.overlapping || spans.characters)) await saveSpanRules(dataset, spans);
    },
    onSettled: () => cache.invalidateQueries({ queryKey: ["datasets"] }),
  });

  function changeTask(kind: Task) {
    setTask(kind);
    if (look) setColumns(guess(look.rows, kind));
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!name || badName || badTag !== null) return;
    if (how === "empty") made.mutate();
    else if (wanted && !trouble && !unsafe) void coming.begin(wanted);
  }

  if (finished || made.isSuccess) {
    return (
      <Done
        workspace={workspace}
        name={name}
        stored={finished ? state.stored : null}
        leftOut={finished ? state.leftOut : 0}
        afterwards={finished ? state.afterwards : null}
        code={finished ? null : `rg.log(records, name="${name}", workspace="${workspace}")`}
      />
    );
  }
  const busy = state.step === "checking" || state.step === "storing";
  const isText2Text = task === "Text2Text";
  return (
    <form onSubmit={submit} className={classes["page"]}>
      <SegmentedControl
        aria-label={manageText.create.how}
        data={(["file", "empty"] as const).map((value) => ({ value, label: manageText.create.hows[value] }))}
        value={how}
        onChange={(value) => { setHow(value); }}
        style={{ alignSelf: "flex-start" }}
      />
      {how === "file" && <Drop name={look?.source.file.name ?? null} unread={unread} onChoose={(file) => { if (file) void choose(file); }} />}
      {how === "file" && look && <ReadAsCard look={look} onEncoding={readAs.encoding} onHeader={readAs.header} onSheet={readAs.sheet} />}
      {(how === "empty" || look) && (
        <>
          <Card title={manageText.create.what}>
            <Stack gap="sm">
              <div className={classes["fields"]}>
                <TextInput label={manageText.create.name} description={manageText.create.nameHint} inputWrapperOrder={["label", "input", "error", "description"]} value={name} onChange={(event) => { setName(event.currentTarget.value); }} error={badName ?? undefined} autoCapitalize="none" autoComplete="off" required withAsterisk={false} />
                <Select label={manageText.create.workspace} data={[...workspaces]} value={workspace} onChange={(value) => { setWorkspace(value ?? workspace); }} allowDeselect={false} searchable />
              </div>
              {how === "file" && there && !clash && (
                <Alert variant="light" color="yellow" role="status">
                  {manageText.create.exists(there.records)}
                </Alert>
              )}
              <Radio.Group label={manageText.create.task} value={task} onChange={(value) => { changeTask(value as Task); }}>
                <Group mt={6} gap="lg" align="flex-start">
                  {TASKS.map((each) => (
                    <Radio key={each} value={each} label={t.tasks[each]} description={manageText.create.taskHints[each]} />
                  ))}
                </Group>
              </Radio.Group>
            </Stack>
          </Card>
          {how === "file" && look && (
            <Card title={manageText.create.columns} intro={manageText.create.columnsIntro}>
              <Stack gap="sm">
                <ColumnsTable columns={columns} rows={look.rows} task={task} onChange={setColumns} />
                {trouble ? (
                  <Alert variant="light" color="yellow" role="alert">
                    {manageText.create.trouble[trouble]}
                  </Alert>
                ) : (
                  <Text size="sm" c="dimmed">
                    {[
                      columns.some((each) => each.role === "id") ? "" : manageText.create.noId,
                      task === "TokenClassification" && !columns.some((each) => each.role === "tokens") ? manageText.create.noTokens : "",
                    ].filter(Boolean).join(" ")}
                  </Text>
                )}
                {scan && <AnswersQuestion columns={columns} rows={look.rows} scan={scan} onChange={setColumns} />}
                {!trouble && (
                  <div role="group" aria-label={manageText.create.first}>
                    <Text size="sm" fw={550} mb={4}>
                      {manageText.create.first}
                    </Text>
                    <FirstRecords columns={columns} rows={look.rows} />
                  </div>
                )}
              </Stack>
            </Card>
          )}
          <Card title={isText2Text ? manageText.create.tags : manageText.create.labelling}>
            <Stack gap="sm">
              {!isText2Text && !there && (
                <>
                  {found.length > 0 && (
                    <div>
                      <Text size="sm" fw={550} mb={4}>
                        {manageText.create.labelsFound(found.length)}
                      </Text>
                      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- many labels are scrolled by keyboard */}
                      <div className={classes["labels"]} tabIndex={0} role="region" aria-label={manageText.create.labelsFound(found.length)}>
                        {found.map((each) => (
                          <span key={each}>{each}</span>
                        ))}
                      </div>
                    </div>
                  )}
                  <TagsInput label={found.length ? manageText.create.labelsMore : manageText.create.labels} description={manageText.create.labelsHint} value={[...added]} onChange={setAdded} splitChars={[","]} clearable />
                </>
              )}
              {task === "TextClassification" && how === "file" && (
                <Switch label={manageText.create.multi} checked={multiLabel} onChange={(event) => { setMultiLabel(event.currentTarget.checked); }} />
              )}
              {task === "TokenClassification" && !there && (
                <Group gap="xl">
                  <Switch label={manageText.settings.labels.overlapping} checked={spans.overlapping} onChange={(event) => { setSpans({ ...spans, overlapping: event.currentTarget.checked }); }} />
                  <Switch label={manageText.settings.labels.characters} checked={spans.characters} onChange={(event) => { setSpans({ ...spans, characters: event.currentTarget.checked }); }} />
                </Group>
              )}
              <TagsInput label={manageText.create.tags} description={manageText.create.tagsHint} placeholder={tagTexts.length ? "" : "language: eu"} value={[...tagTexts]} onChange={setTagTexts} error={badTag !== null ? manageText.create.badTag(badTag) : undefined} clearable />
            </Stack>
          </Card>
        </>
      )}
      {how === "file" && look && scan && scan.replaced > 0 && <Replaced scan={scan} look={look} allowed={replacedToo} onAllow={setReplacedToo} />}
      {busy && <Working state={state} onStop={coming.stop} />}
      {state.step === "checked" && wanted && <BadRows checked={state.checked} kind={wanted.source.kind} onLeaveOut={() => void coming.store(wanted, state.checked)} />}
      {state.step === "failed" && (
        <Alert variant="light" color="red" role="alert">
          {state.message}
        </Alert>
      )}
      {made.isError && (
        <Alert variant="light" color="red" role="alert">
          {made.error.message}
        </Alert>
      )}
      {(how === "empty" || look) && (
        <div className={classes["foot"]}>
          <Button type="submit" size="md" disabled={busy || !name || Boolean(badName) || badTag !== null || (how === "file" && (!scan || Boolean(trouble) || unsafe))} loading={made.isPending}>
            {how === "empty" ? manageText.create.createEmpty : scan ? manageText.create.importCount(scan.rows - scan.brokenCount, done) : manageText.create.import}
          </Button>
        </div>
      )}
    </form>
  );
}
