/** Pages for addresses that lead nowhere, and for failures nobody foresaw. */

import { Anchor, Button } from "@mantine/core";

import { base } from "@/api/client";
import { t } from "@/text/en";
import { Empty } from "@/ui/empty";

import { reloadIfServed } from "./upgrade";

export function NotFound() {
  return (
    <main>
      <title>{`${t.notFound.title} · ${t.app}`}</title>
      <Empty page title={t.notFound.title}>
        <p>{t.notFound.intro}</p>
        <Anchor href={`${base}datasets`}>{t.annotate.back}</Anchor>
      </Empty>
    </main>
  );
}

export function Crashed({ error }: { error: unknown }) {
  return (
    <main>
      <Empty page title={t.crash.title} alert>
        <p>{t.crash.intro}</p>
        <p>{error instanceof Error ? error.message : String(error)}</p>
        <Button onClick={() => void reloadIfServed()}>{t.common.retry}</Button>
      </Empty>
    </main>
  );
}
