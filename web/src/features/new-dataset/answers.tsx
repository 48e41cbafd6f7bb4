/** Columns that may hold answers: whether they do is asked, with what follows from it. */

import { Radio, Stack, Switch, Text } from "@mantine/core";

import { type Column, isFilled, mayAnswer, ownAnswers, type Role, withOwnAnswers } from "@/core/columns";
import type { Row } from "@/core/file-rows";
import { doneCount, type Scan } from "@/core/file-scan";
import { filesText } from "@/text/files";
import { manageText } from "@/text/manage";

import classes from "./new-dataset.module.css";

interface Props {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly scan: Scan;
  readonly onChange: (columns: readonly Column[]) => void;
}

export function AnswersQuestion({ columns, rows, scan, onChange }: Props) {
  const own = ownAnswers(columns);
  const asked = columns.filter((each) => !own.includes(each) && (mayAnswer(each.name) || each.role === "label") && (scan.columns.get(each.name)?.filled ?? 0) > 0);
  if (!own.length && !asked.length) return null;
  return (
    <Stack gap="sm">
      {own.length > 0 && (
        <Switch
          label={filesText.ownAnswers}
          description={filesText.wouldBeDone(doneCount(scan, withOwnAnswers(columns, true)))}
          checked={own.some((each) => each.role === "own")}
          onChange={(event) => { onChange(withOwnAnswers(columns, event.currentTarget.checked)); }}
        />
      )}
      {asked.map(({ name, role }) => {
        const isObject = typeof rows.map((row) => row[name]).find(isFilled) === "object"; // which metadata is not
        const filled = scan.columns.get(name)?.filled ?? 0;
        const hints: Partial<Record<Role, string>> = { label: filesText.answersThen(filled), prediction: filesText.predictionsThen };
        const choices: readonly Role[] = [isObject ? "skip" : "metadata", "prediction", "label"];
        return (
          <Radio.Group key={name} className={classes["asked"] ?? ""} label={filesText.looksLikeAnswers(name)} value={role} onChange={(value) => { onChange(columns.map((each) => (each.name === name ? { name, role: value as Role } : each))); }}>
            <div className={classes["choices"]}>
              {choices.map((value) => (
                <Radio key={value} value={value} label={manageText.create.roles[value]} description={hints[value] ?? filesText.notAnswered} />
              ))}
            </div>
          </Radio.Group>
        );
      })}
      <Text size="sm" fw={550} role="status">
        {filesText.doneAfter(doneCount(scan, columns))}
      </Text>
    </Stack>
  );
}
