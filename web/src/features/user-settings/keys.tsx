/** Choosing one's own keys: click the key of an action, press another one. */

import { Button, Group, Paper, Table, Text, Title, UnstyledButton } from "@mantine/core";
import { useState } from "react";

import { usePreferences } from "@/app/preferences";
import { ACTIONS, type ActionName, bind, bindingsOf, KEYS, keyOf, mayBind } from "@/core/keys";
import { actionName } from "@/text/action-names";
import { toolsText } from "@/text/tools";
import { Key } from "@/ui/key";

import classes from "./keys.module.css";

export function ChooseKeys() {
  const [preferences, change] = usePreferences();
  const bindings = bindingsOf(preferences.keys);
  const [asking, setAsking] = useState<ActionName | null>(null);
  const [message, setMessage] = useState("");

  function press(action: ActionName, event: React.KeyboardEvent) {
    if (event.key === "Tab" || ["Shift", "Control", "Meta", "Alt", "AltGraph"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    setAsking(null);
    if (event.key === "Escape") return;
    const key = keyOf(event.nativeEvent);
    if (!mayBind(key)) {
      setMessage(toolsText.keys.cannot);
      return;
    }
    const had = ACTIONS.find((each) => each !== action && bindings[each].length === 1 && bindings[each][0] === key);
    setMessage(had ? toolsText.keys.took(actionName(had)) : "");
    const wanted = bind(bindings, action, key);
    const chosen = ACTIONS.filter((each) => wanted[each].join(" ") !== KEYS[each].join(" "));
    change({ keys: Object.fromEntries(chosen.map((each) => [each, [...wanted[each]]])) });
  }

  return (
    <Paper component="section" withBorder p="md" aria-label={toolsText.keys.title} id="keys">
      <Title order={2} mb="sm">
        {toolsText.keys.title}
      </Title>
      <Text size="sm" mb="xs">
        {toolsText.keys.intro}
      </Text>
      <Table withRowBorders={false} verticalSpacing={2} horizontalSpacing={0}>
        <Table.Tbody>
          {ACTIONS.map((action) => (
            <Table.Tr key={action}>
              <Table.Td>{actionName(action)}</Table.Td>
              <Table.Td ta="end">
                <UnstyledButton
                  className={classes["key"] ?? ""}
                  data-asking={asking === action || undefined}
                  onClick={() => { setAsking(action); setMessage(""); }}
                  onBlur={() => { setAsking(null); }}
                  onKeyDown={(event) => { if (asking === action) press(action, event); }}
                >
                  <span className="sr-only">{toolsText.keys.change(actionName(action))} </span>
                  {asking === action ? toolsText.keys.press : bindings[action].length ? bindings[action].map((each) => <Key key={each} of={each} />) : toolsText.keys.none}
                </UnstyledButton>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Group justify="space-between" mt="xs">
        <Text size="sm" role="status">
          {message}
        </Text>
        <Button variant="default" disabled={!Object.keys(preferences.keys ?? {}).length} onClick={() => { change({ keys: {} }); setMessage(""); }}>
          {toolsText.keys.reset}
        </Button>
      </Group>
    </Paper>
  );
}
