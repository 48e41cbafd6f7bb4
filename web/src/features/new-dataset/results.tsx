/** Outcome of a file: how far it is, which rows are bad, what to do next. */

import { Alert, Button, Group, Progress, Stack, Table, Text, Title } from "@mantine/core";
import { IconArrowRight } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import type { CheckedFile } from "@/core/file-import";
import type { FileKind } from "@/core/file-rows";
import { filesText } from "@/text/files";
import { manageText } from "@/text/manage";
import { translated } from "@/text/translated";
import { Card } from "@/ui/card";
import sheet from "@/ui/sheet.module.css";

import classes from "./new-dataset.module.css";
import type { ImportState } from "./use-import";

export function Working({ state, onStop }: { state: Extract<ImportState, { step: "checking" | "storing" }>; onStop: () => void }) {
  const { progress } = state;
  const title = state.step === "checking" ? manageText.create.checking : manageText.create.storing;
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => { place.current?.scrollIntoView({ block: "center" }); }, []);
  return (
    <div ref={place}>
      <Card title={title} tools={<Button size="xs" variant="default" onClick={onStop}>{manageText.create.stop}</Button>}>
        <Progress value={Math.max(2, progress.share * 100)} aria-label={title} transitionDuration={150} />
        <Text size="sm" c="dimmed" mt={6}>
          {state.step === "checking" ? manageText.create.checkedSoFar(progress.rows) : manageText.create.storedSoFar(progress.rows)}
        </Text>
      </Card>
    </div>
  );
}

export function BadRows({ checked, kind, onLeaveOut }: { checked: CheckedFile; kind: FileKind; onLeaveOut: () => void }) {
  return (
    <Alert variant="light" color={checked.good ? "yellow" : "red"} role="alert">
      <Text fw={600}>{checked.good ? manageText.create.bad(checked.leftOut, checked.good) : manageText.create.badAll}</Text>
      {checked.good > 0 && <Text size="sm">{manageText.create.badIntro}</Text>}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- many errors are scrolled by keyboard */}
      <div className={classes["errors"]} tabIndex={0} role="region" aria-label={manageText.create.why}>
        <Table verticalSpacing={4} fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{filesText.places[kind]}</Table.Th>
              <Table.Th>{manageText.create.at}</Table.Th>
              <Table.Th>{manageText.create.why}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {checked.wrong.map((each, at) => (
              <Table.Tr key={at}>
                <Table.Td className={sheet["number"] ?? ""}>{each.line}</Table.Td>
                <Table.Td>{each.column ?? "–"}</Table.Td>
                <Table.Td>{translated(each.message)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        {checked.leftOut > checked.wrong.length && <Text size="sm">{manageText.create.moreBad(checked.leftOut - checked.wrong.length)}</Text>}
      </div>
      {checked.good > 0 && (
        <Button mt="sm" size="sm" onClick={onLeaveOut}>
          {manageText.create.leaveOut(checked.good)}
        </Button>
      )}
    </Alert>
  );
}

interface DoneProps {
  readonly workspace: string;
  readonly name: string;
  readonly stored: number | null;
  readonly leftOut: number;
  readonly afterwards: string | null;
  readonly code: string | null;
}

export function Done({ workspace, name, stored, leftOut, afterwards, code }: DoneProps) {
  const params = { workspace, name };
  return (
    <Stack align="flex-start" py="lg" role="status">
      <Title order={2} size="h1">
        {stored === null ? manageText.create.doneEmpty(name) : manageText.create.done(stored, name)}
      </Title>
      {leftOut > 0 && <Text size="sm">{manageText.create.doneLeftOut(leftOut)}</Text>}
      {afterwards && (
        <Alert color="yellow" variant="light">
          {afterwards}
        </Alert>
      )}
      {code && (
        <>
          <Text size="sm">{manageText.create.logInto}</Text>
          {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it may be wider than the screen */}
          <pre tabIndex={0} style={{ margin: 0, padding: "0.6rem 0.8rem", border: "1px solid var(--line)", borderRadius: 6, background: "var(--sheet)", maxWidth: "100%", overflow: "auto", fontSize: "0.8125rem" }}>
            {code}
          </pre>
        </>
      )}
      <Text size="sm" c="dimmed">
        {manageText.create.next}
      </Text>
      <Group gap="xs">
        {stored !== null && (
          <Button rightSection={<IconArrowRight size={16} />} renderRoot={(props: object) => <Link {...props} to="/datasets/$workspace/$name/team" params={params} search={{ assign: "1" }} />}>
            {manageText.create.assign}
          </Button>
        )}
        <Button variant={stored === null ? "filled" : "default"} renderRoot={(props: object) => <Link {...props} to="/datasets/$workspace/$name/settings" params={params} search={{}} />}>
          {manageText.create.settings}
        </Button>
        <Button variant="default" renderRoot={(props: object) => <Link {...props} to="/datasets/$workspace/$name" params={params} search={{ view: "list" }} />}>
          {manageText.create.see}
        </Button>
      </Group>
    </Stack>
  );
}
