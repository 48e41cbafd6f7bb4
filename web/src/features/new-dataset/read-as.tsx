/** Options for reading the file, for whoever knows better: its encoding, its header, its sheet; and what could not be read. */

import { Alert, Checkbox, Select, Switch, Text } from "@mantine/core";

import { type Encoding, ENCODINGS } from "@/core/file-encoding";
import { hasHeader, isText } from "@/core/file-rows";
import type { Scan } from "@/core/file-scan";
import { faultText, filesText, placeText } from "@/text/files";
import { manageText } from "@/text/manage";
import { Card } from "@/ui/card";

import classes from "./new-dataset.module.css";
import type { Look } from "./use-file";

interface Props {
  readonly look: Look;
  readonly onEncoding: (encoding: Encoding) => void;
  readonly onHeader: (header: boolean) => void;
  readonly onSheet: (sheet: string) => void;
}

/** Of all rows, as far as they have been looked at. */
function counted({ scan, seen }: Look): string {
  return scan ? filesText.looked(scan.rows, scan.brokenCount) : filesText.lookingAt(seen);
}

export function ReadAsCard({ look, onEncoding, onHeader, onSheet }: Props) {
  const { source, scan } = look;
  const { kind, as } = source;
  const many = source.sheets.length > 1;
  return (
    <Card title={filesText.theFile} intro={<span role="status">{counted(look)}</span>}>
      {(isText(kind) || hasHeader(kind)) && (
        <div className={classes["fields"]}>
          {isText(kind) && (
            <Select
              label={filesText.encoding}
              inputWrapperOrder={["label", "input", "error", "description"]}
              description={source.guessed ? filesText.encodingGuessed : filesText.encodingHint}
              data={ENCODINGS.map((value) => ({ value, label: filesText.encodings[value] }))}
              value={as.encoding}
              onChange={(value) => { if (value) onEncoding(value); }}
              allowDeselect={false}
              searchable
            />
          )}
          {many && <Select label={filesText.sheet} description={filesText.sheetHint} inputWrapperOrder={["label", "input", "error", "description"]} data={[...source.sheets]} value={as.sheet} onChange={(value) => { if (value) onSheet(value); }} allowDeselect={false} />}
          {hasHeader(kind) && (
            <Switch className={classes["switch"] ?? ""} label={filesText.header} description={as.header ? filesText.headerOn : filesText.headerOff} checked={as.header} onChange={(event) => { onHeader(event.currentTarget.checked); }} />
          )}
        </div>
      )}
      {kind === "lines" && (
        <Text size="sm" c="dimmed" mt="xs">
          {filesText.oneALine}
        </Text>
      )}
      {scan && scan.brokenCount > 0 && (
        <Alert variant="light" color="yellow" mt="sm" role="group" aria-label={filesText.unreadRows(scan.brokenCount)}>
          <Text size="sm" fw={600}>
            {filesText.unreadRows(scan.brokenCount)}
          </Text>
          <ul className={classes["faults"]}>
            {scan.broken.slice(0, 5).map(({ line, fault }) => (
              <li key={line}>
                {placeText(kind, line)}: {faultText(fault)}
              </li>
            ))}
          </ul>
          {scan.brokenCount > 5 && <Text size="sm">{manageText.create.moreBad(scan.brokenCount - 5)}</Text>}
        </Alert>
      )}
    </Card>
  );
}

/** Signs that stand for what could not be decoded: never taken unasked. */
export function Replaced({ scan, look, allowed, onAllow }: { scan: Scan; look: Look; allowed: boolean; onAllow: (allowed: boolean) => void }) {
  const { kind } = look.source;
  return (
    <Alert variant="light" color="red" role="alert" title={filesText.replaced(scan.replaced)}>
      <Text size="sm" mb="xs">
        {filesText.replacedAt(placeText(kind, scan.firstReplaced ?? 0))} {isText(kind) ? filesText.replacedTry : filesText.replacedMend}
      </Text>
      <Checkbox label={filesText.replacedAllow} checked={allowed} onChange={(event) => { onAllow(event.currentTarget.checked); }} />
    </Alert>
  );
}
