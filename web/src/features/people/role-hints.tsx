/** Rights of each role. */

import { Text } from "@mantine/core";

import { ROLES } from "@/core/roles";
import { manageText } from "@/text/manage";

export function RoleHints({ admin = false }: { admin?: boolean }) {
  const { memberRoles, memberRoleHints, roles, roleHint } = manageText.people;
  const hints = [...ROLES.map((each) => [memberRoles[each], memberRoleHints[each]] as const), ...(admin ? [[roles.admin, roleHint] as const] : [])];
  return (
    <ul style={{ marginBlock: "var(--mantine-spacing-sm) 0", marginInline: 0, paddingInlineStart: "1.1rem" }}>
      {hints.map(([name, hint]) => (
        <Text component="li" size="xs" c="dimmed" key={name}>
          {name}: {hint}
        </Text>
      ))}
    </ul>
  );
}
