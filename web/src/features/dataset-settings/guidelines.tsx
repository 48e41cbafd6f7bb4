/** Guidelines for annotators: write, look, compare with earlier versions, publish. */

import { Alert, Anchor, Button, Group, SegmentedControl, Select, Skeleton, Text, Textarea } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { diffWordsWithSpace } from "diff";
import Markdown from "markdown-to-jsx/react";
import { useState } from "react";

import { ApiError } from "@/api/client";
import { failureOf } from "@/api/failure";
import { type Guidelines as Version, guidelinesVersionQuery, saveGuidelines, settingsKey } from "@/api/dataset-settings";
import type { DatasetRef } from "@/core/model";
import { t } from "@/text/en";
import { manageText } from "@/text/manage";
import { Card } from "@/ui/card";
import { Ago } from "@/ui/time";

import { SaveBar } from "./save-bar";
import classes from "./settings.module.css";

const words = manageText.settings.guidelines;
const OPTIONS = { disableParsingRawHTML: true, forceBlock: true, wrapper: "div" as const, overrides: { img: ({ alt }: { alt?: string }) => <em>{alt}</em>, h1: { component: "h3" as const }, h2: { component: "h3" as const }, h3: { component: "h4" as const } } };

export function Guidelines({ dataset }: { dataset: DatasetRef }) {
  const found = useQuery(guidelinesVersionQuery(dataset, null));
  const failure = failureOf(found);
  return (
    <Card title={words.title} intro={words.intro}>
      {failure ? (
        <Text size="sm" role="alert">
          {failure.message}
        </Text>
      ) : !found.data ? (
        <Skeleton h={280} role="progressbar" aria-label={t.common.loading} />
      ) : (
        <Editor dataset={dataset} now={found.data} />
      )}
    </Card>
  );
}

type Mode = "write" | "preview" | "changes";

function Editor({ dataset, now }: { dataset: DatasetRef; now: Version }) {
  const cache = useQueryClient();
  const [text, setText] = useState<string | null>(null);
  const [mode, setMode] = useState<Mode>("write");
  const [looking, setLooking] = useState<number | null>(null);
  const old = useQuery({ ...guidelinesVersionQuery(dataset, looking), enabled: looking !== null });
  const written = text ?? now.text;
  const dirty = text !== null && text !== now.text;
  const saved = useMutation({
    mutationFn: (sent: string) => saveGuidelines(dataset, sent, now.version),
    onSuccess: async (_, sent) => {
      setMode("write");
      await refresh();
      setText((typed) => (typed === sent ? null : typed)); // what was typed meanwhile is the next version
    },
    onError: (failure) => {
      if (failure instanceof ApiError && failure.status === 409) void refresh(); // the new one is compared with, the text stays
    },
  });
  async function refresh() {
    await Promise.all([
      cache.invalidateQueries({ queryKey: [...settingsKey(dataset), "guidelines", null] }),
      cache.invalidateQueries({ queryKey: ["guidelines", dataset.workspace, dataset.name] }),
    ]);
  }
  const stale = saved.error instanceof ApiError && saved.error.status === 409;
  const versions = Array.from({ length: now.version }, (_, at) => String(now.version - at));
  return (
    <>
      <Group justify="space-between" mb="xs">
        <SegmentedControl aria-label={words.mode} data={(["write", "preview", "changes"] as const).map((value) => ({ value, label: words[value] }))} value={mode} onChange={(value) => { setMode(value); setLooking(null); }} />
        <Group gap="xs">
          {now.version > 0 ? (
            <>
              <Text size="sm" c="dimmed">
                {words.now(now.version)} {now.author}, <Ago time={now.at ?? null} />
              </Text>
              {now.version > 1 && (
                <Select aria-label={words.version} size="xs" w={120} data={versions.map((value) => ({ value, label: words.versionOf(Number(value)) }))} value={String(looking ?? now.version)} allowDeselect={false} onChange={(value) => { setLooking(Number(value) === now.version ? null : Number(value)); }} />
              )}
            </>
          ) : (
            <Text size="sm" c="dimmed">
              {words.none}
            </Text>
          )}
        </Group>
      </Group>
      {looking !== null ? (
        <>
          <Alert variant="light" color="yellow" mb="xs">
            {words.old(looking)}{" "}
            <Anchor component="button" size="sm" onClick={() => { setText(old.data?.text ?? null); setLooking(null); setMode("write"); }}>
              {words.useOld}
            </Anchor>
            {" · "}
            <Anchor component="button" size="sm" onClick={() => { setLooking(null); }}>
              {words.back}
            </Anchor>
          </Alert>
          {old.data ? mode === "changes" ? <Difference before={old.data.text} after={now.text} /> : <Rendered text={old.data.text} /> : <Skeleton h={200} role="progressbar" aria-label={t.common.loading} />}
        </>
      ) : mode === "write" ? (
        <Textarea aria-label={words.text} className={classes["text"] ?? ""} value={written} onChange={(event) => { setText(event.currentTarget.value); }} autosize minRows={10} maxRows={24} />
      ) : mode === "preview" ? (
        <Rendered text={written} />
      ) : (
        <Difference before={now.text} after={written} />
      )}
      {stale && (
        <Alert variant="light" color="yellow" role="alert" mt="sm">
          {words.stale(now.version)}{" "}
          <Button size="xs" variant="default" ms="xs" onClick={() => { setMode("changes"); }}>
            {words.changes}
          </Button>
        </Alert>
      )}
      <SaveBar
        label={words.save(now.version + 1)}
        dirty={dirty}
        pending={saved.isPending}
        failure={stale ? null : (saved.error?.message ?? null)}
        saved={saved.isSuccess ? words.saved(now.version) : null}
        onSave={() => { saved.mutate(written); }}
        onRevert={() => { setText(null); saved.reset(); }}
      />
      <Text size="xs" c="dimmed">
        {words.effect}
      </Text>
    </>
  );
}

function Rendered({ text }: { text: string }) {
  return <div className={classes["rendered"]}>{text ? <Markdown options={OPTIONS}>{text}</Markdown> : <Text c="dimmed">{words.nothing}</Text>}</div>;
}

function Difference({ before, after }: { before: string; after: string }) {
  if (before === after) return <div className={classes["rendered"]}><Text c="dimmed">{words.noChanges}</Text></div>;
  return (
    <div className={classes["diff"]}>
      {diffWordsWithSpace(before, after).map((part, at) =>
        part.added ? (
          <ins key={at}>
            <span className="sr-only">{words.inserted} </span>
            {part.value}
          </ins>
        ) : part.removed ? (
          <del key={at}>
            <span className="sr-only">{words.deleted} </span>
            {part.value}
          </del>
        ) : (
          <span key={at}>{part.value}</span>
        ),
      )}
    </div>
  );
}
