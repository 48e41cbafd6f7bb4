/** Every key of the screen, as this person has them. */

import { Anchor, Modal, Table, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import { ACTIONS } from "@/core/keys";
import type { Task } from "@/core/model";
import { useAnnotatorSettings } from "@/record/annotator-settings";
import { actionName } from "@/text/action-names";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";
import { Key } from "@/ui/key";

type Row = readonly [readonly string[], string];

export default function Help({ onClose, task, characters }: { onClose: () => void; task: Task; characters: boolean }) {
  const { bindings } = useAnnotatorSettings();
  const actions: Row[] = ACTIONS.map((name) => [bindings[name], actionName(name)]);
  const spans: Row[] = [
    [["←", "→", "↑", "↓"], t.help.caret],
    [["Shift+→"], t.help.extend],
    [["1", "…", "9"], t.help.apply],
    [["Space"], t.help.acceptHere],
    [["Delete"], t.help.removeHere],
    [["Alt+←", "Alt+→"], annotatingText.keys.resizeEnd],
    [["Shift+Alt+←", "Shift+Alt+→"], annotatingText.keys.resizeStart],
    ...(characters ? [[[",", "."], annotatingText.keys.characters] as Row] : []),
    [["Esc"], t.help.escape],
  ];
  return (
    <Modal opened onClose={onClose} title={t.help.title} size="lg">
      <Keys title={t.help.general} rows={actions} />
      <Anchor size="sm" component={Link} to="/user-settings" hash="keys">
        {annotatingText.keys.choose}
      </Anchor>
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
                {keys.length
                  ? keys.map((each) => (
                      <span key={each} style={{ marginInlineEnd: 6 }}>
                        <Key of={each} />
                      </span>
                    ))
                  : annotatingText.keys.none}
              </Table.Td>
              <Table.Td>{what}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
