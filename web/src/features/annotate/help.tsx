/** Every key of the screen, as this person has them. */

import { Anchor, Modal, Table, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import { ACTIONS } from "@/core/keys";
import type { Task } from "@/core/model";
import { useAnnotatorSettings } from "@/record/annotator-settings";
import { actionName } from "@/text/action-names";
import { toolsText } from "@/text/tools";
import { Key } from "@/ui/key";

type Row = readonly [readonly string[], string];

export default function Help({ onClose, task, characters }: { onClose: () => void; task: Task; characters: boolean }) {
  const { bindings } = useAnnotatorSettings();
  const actions: Row[] = ACTIONS.map((name) => [bindings[name], actionName(name)]);
  const spans: Row[] = [
    [["←", "→", "↑", "↓"], toolsText.help.caret],
    [["Shift+→"], toolsText.help.extend],
    [["1", "…", "9"], toolsText.help.apply],
    [["Space"], toolsText.help.acceptHere],
    [["Delete"], toolsText.help.removeHere],
    [["Alt+←", "Alt+→"], toolsText.keys.resizeEnd],
    [["Shift+Alt+←", "Shift+Alt+→"], toolsText.keys.resizeStart],
    ...(characters ? [[[",", "."], toolsText.keys.characters] as Row] : []),
    [["Esc"], toolsText.help.escape],
  ];
  return (
    <Modal opened onClose={onClose} title={toolsText.help.title} size="lg">
      <Keys title={toolsText.help.general} rows={actions} />
      <Anchor size="sm" component={Link} to="/user-settings" hash="keys">
        {toolsText.keys.choose}
      </Anchor>
      {task === "TextClassification" && <Keys title={toolsText.help.labels} rows={[[["1", "…", "9", "0"], toolsText.help.digits]]} />}
      {task === "TokenClassification" && <Keys title={toolsText.help.spans} rows={spans} />}
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
                  : toolsText.keys.none}
              </Table.Td>
              <Table.Td>{what}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
