/** Roles of the columns of the file, with its first values beside it. */

import { Select, Table } from "@mantine/core";

import { type Column, type Role, ROLES } from "@/core/columns";
import type { Row } from "@/core/file-rows";
import type { Task } from "@/core/model";
import { manageText } from "@/text/manage";
import sheet from "@/ui/sheet.module.css";

import classes from "./new-dataset.module.css";

interface Props {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
  readonly task: Task;
  readonly onChange: (columns: readonly Column[]) => void;
}

const shown = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));

export function ColumnsTable({ columns, rows, task, onChange }: Props) {
  const roles = ROLES.filter((each) => (each !== "tokens" || task === "TokenClassification") && each !== "own");
  const set = (name: string, role: Role) => { onChange(columns.map((each) => (each.name === name ? { name, role } : each))); };
  return (
    <div className={sheet["sheet"]}>
      <Table className={sheet["table"] ?? ""} verticalSpacing={6} aria-label={manageText.create.columns}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{manageText.create.column}</Table.Th>
            <Table.Th className={classes["values"] ?? ""}>{manageText.create.values}</Table.Th>
            <Table.Th w={210}>{manageText.create.becomes}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {columns.map(({ name, role }) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{name}</Table.Th>
              <Table.Td className={classes["values"] ?? ""}>
                {rows
                  .map((row) => row[name])
                  .filter((each) => each !== "" && each !== null && each !== undefined)
                  .slice(0, 2)
                  .map((each, at) => (
                    <span key={at}>{shown(each)}</span>
                  ))}
              </Table.Td>
              <Table.Td>
                <Select
                  size="xs"
                  aria-label={manageText.create.becomesOf(name)}
                  data={[...roles, ...(role === "own" ? (["own"] as const) : [])].map((value) => ({ value, label: manageText.create.roles[value] }))}
                  value={role}
                  onChange={(value) => { if (value) set(name, value); }}
                  allowDeselect={false}
                />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** The first records as the columns make them. */
export function FirstRecords({ columns, rows }: { columns: readonly Column[]; rows: readonly Row[] }) {
  const of = (row: Row, ...roles: Role[]) => columns.filter((each) => roles.includes(each.role) && row[each.name] !== undefined && row[each.name] !== "" && row[each.name] !== null).map(({ name }) => [name, shown(row[name])] as const);
  return (
    <div className={classes["firsts"]}>
      {rows.slice(0, 2).map((row, at) => {
        const own = of(row, "own").filter(([name]) => name === "inputs" || name.startsWith("inputs."));
        const texts = [...of(row, "text"), ...own];
        const facts = [...of(row, "label").map(([, value]) => [manageText.create.roles.label, value]), ...of(row, "prediction").map(([, value]) => [manageText.create.roles.prediction, value]), ...of(row, "metadata")];
        return (
          <article key={at} className={classes["first"]}>
            {texts.map(([name, text]) => (
              <p key={name} dir="auto">
                {texts.length > 1 && <b>{name}: </b>}
                {text.slice(0, 600)}
              </p>
            ))}
            {facts.length > 0 && (
              <footer>
                {facts.map(([name, value]) => (
                  <span key={name}>
                    {name}: {value?.slice(0, 60)}
                  </span>
                ))}
              </footer>
            )}
          </article>
        );
      })}
    </div>
  );
}
