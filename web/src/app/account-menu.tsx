/** Menu of the account: who one is, one's settings, and the way out. */

import { Menu, Text, UnstyledButton } from "@mantine/core";
import { IconHistory, IconLogout, IconSettings } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { infoQuery, type Me, signOut } from "@/api/session";
import { managesSomething } from "@/core/roles";
import { t } from "@/text/en";

import { LanguageItems } from "./language-items";

export default function AccountMenu({ me, children }: { me: Me; children: ReactNode }) {
  const info = useQuery(infoQuery);
  const cache = useQueryClient();
  const navigate = useNavigate();

  async function leave() {
    await signOut().catch(() => undefined);
    cache.clear();
    await navigate({ to: "/login", search: { redirect: "" } });
  }

  return (
    <Menu position="bottom-end" width={220} defaultOpened>
      <Menu.Target>
        <UnstyledButton>{children}</UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" fw={600} c="var(--mantine-color-text)">
            {me.full_name}
          </Text>
          {me.username}
        </Menu.Label>
        <Menu.Item leftSection={<IconSettings size={16} />} component={Link} to="/user-settings">
          {t.shell.settings}
        </Menu.Item>
        {managesSomething(me) && (
          <Menu.Item leftSection={<IconHistory size={16} />} component={Link} to="/audit">
            {t.shell.audit}
          </Menu.Item>
        )}
        <Menu.Divider />
        <LanguageItems />
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>
          {t.shell.signOut}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t.shell.version(info.data?.["apportion"] ?? "")}</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  );
}
