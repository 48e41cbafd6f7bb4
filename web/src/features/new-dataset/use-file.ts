/** The file somebody chose: how it is read, its first rows, and what a look at all of them finds. */

import { useEffect, useRef, useState } from "react";

import type { Encoding } from "@/core/file-encoding";
import { headed, kindOf, open, type Opened, peek, type ReadAs, type Row } from "@/core/file-rows";
import { scan, type Scan } from "@/core/file-scan";
import { filesText } from "@/text/files";
import { manageText } from "@/text/manage";

const PEEK = 200;

export interface Look {
  readonly source: Opened;
  readonly rows: readonly Row[];
  /** Null until every row has been looked at. */
  readonly scan: Scan | null;
  /** Number of rows looked at so far. */
  readonly seen: number;
}

interface Options {
  /** There are rows: of another file than before, or of the same read in another way. */
  readonly onRows: (file: File, rows: readonly Row[], again: boolean) => void;
}

export function useFile({ onRows }: Options) {
  const [look, setLook] = useState<Look | null>(null);
  const [unread, setUnread] = useState<string | null>(null);
  const current = useRef<AbortController | null>(null);
  useEffect(() => () => { current.current?.abort(); }, []);

  function begin(): AbortSignal {
    current.current?.abort();
    current.current = new AbortController();
    return current.current.signal;
  }

  async function read(source: Opened, signal: AbortSignal, again = false) {
    const first = await peek(source, PEEK);
    if (signal.aborted) return;
    const rows = first.rows.map((each) => each.row);
    const fault = first.broken[0];
    if (!rows.length && !fault) {
      setUnread(manageText.create.nothingIn);
      setLook(null);
      return;
    }
    setLook({ source, rows, scan: null, seen: 0 });
    onRows(source.file, rows, again);
    const found = await scan(source, (_, seen) => { if (!signal.aborted) setLook((now) => now && { ...now, seen }); }, signal);
    if (!signal.aborted) setLook((now) => now && { ...now, scan: found });
  }

  async function attempt(signal: AbortSignal, doing: () => Promise<void>) {
    try {
      await doing();
    } catch (failure) {
      if (signal.aborted) return;
      const why = failure instanceof Error ? failure.message : String(failure);
      const codec = /compression codec: (\w+)/.exec(why)?.[1];
      setUnread(codec ? manageText.create.codec(codec) : manageText.create.unreadable(why.replace(/\.$/, "")));
      setLook(null);
    }
  }

  async function choose(file: File) {
    const signal = begin();
    setUnread(null);
    setLook(null);
    const kind = kindOf(file.name);
    if (!kind) setUnread(/\.xlsb?$|\.xlsm$|\.ods$|\.xls$/i.test(file.name) ? filesText.saveAsXlsx(file.name) : manageText.create.unknown(file.name));
    else await attempt(signal, async () => { await read(await open(file, kind, navigator.languages), signal); });
  }

  /** Reads the same file in another way. */
  async function reread(change: Partial<ReadAs>) {
    if (!look) return;
    const signal = begin();
    await attempt(signal, async () => {
      const source = { ...look.source, as: { ...look.source.as, ...change } };
      const header = change.sheet === undefined ? source.as.header : await headed(source);
      await read({ ...source, guessed: source.guessed && change.encoding === undefined, as: { ...source.as, header } }, signal, true);
    });
  }

  return {
    look,
    unread,
    choose,
    readAs: {
      encoding: (encoding: Encoding) => void reread({ encoding }),
      header: (header: boolean) => void reread({ header }),
      sheet: (sheet: string) => void reread({ sheet }),
    },
  };
}
