/** Every key of the screen. */

import { Modal, Table, Title } from "@mantine/core";

import { ACTIONS, KEYS } from "@/core/keys";
import type { Task } from "@/core/model";
import { t } from "@/text/en";
import { Key } from "@/ui/key";

type Row = readonly [readonly string[], string];

export default function Help({ onClose, task }: { onClose: () => void; task: Task }) {
  const actions: Row[] = ACTIONS.map((name) => [KEYS[name], t.help.actions[name]]);
  const spans: Row[] = [
    [["←", "→", "↑", "↓"], t.help.caret],
    [["Shift+→"], t.help.extend],
    [["1", "…", "9"], t.help.apply],
    [["Space"], t.help.acceptHere],
    [["Delete"], t.help.removeHere],
    [["Esc"], t.help.escape],
  ];
  return (
    <Modal opened onClose={onClose} title={t.help.title} size="lg">
      <Keys title={t.help.general} rows={actions} />
      {task === "TextClassification" && <Keys title={t.help.labels} rows={[[["1", "…", "9", "0"], t.help.digits]]} />}
      {task === "TokenClassification" && <Keys title={t.help.spans} rows={spans} />}
    </Modal>
  );
}

function Keys({ title, rows }: { title: string; rows: readonly Row[] }) {
  return (
    <section>
      <Title order={3} size="sm" mt="sm">
        {title}
      </Title>
      <Table withRowBorders={false} verticalSpacing={4}>
        <Table.Tbody>
          {rows.map(([keys, what]) => (
            <Table.Tr key={what}>
              <Table.Td w={220}>
                {keys.map((each) => (
                  <span key={each} style={{ marginInlineEnd: 6 }}>
                    <Key of={each} />
                  </span>
                ))}
              </Table.Td>
              <Table.Td>{what}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
