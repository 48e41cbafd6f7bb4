/** What stands around every page: where one can go, whether all is saved, who one is. */

import { ActionIcon, Avatar, Menu, Text, Tooltip, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconLogout, IconMoon, IconSettings, IconSun } from "@tabler/icons-react";
import { useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useState } from "react";

import { infoQuery, type Me, meQuery, preferencesQuery, savePreferences, signOut } from "@/api/session";
import { managesSomething, seesSomething } from "@/core/roles";
import { onSessionEnd } from "@/features/session/query-client";
import { t } from "@/text/en";
import { Logo } from "@/ui/logo";

import { OutboxProvider } from "./outbox";
import { Saving } from "./saving";
import classes from "./shell.module.css";

const SignInAgain = lazy(() => import("./sign-in-again"));

export function Shell() {
  const { data: me } = useSuspenseQuery(meQuery);
  return (
    <OutboxProvider user={me.username}>
      <a className="skip" href="#content" onClick={toContent}>
        {t.shell.skip}
      </a>
      <header className={classes["header"]}>
        <Link to="/" className={classes["brand"]}>
          <Logo />
          <span>{t.app}</span>
        </Link>
        <nav className={classes["nav"]} aria-label={t.shell.navigation}>
          {seesSomething(me) && (
            <Link to="/team" search={{}}>
              {t.shell.team}
            </Link>
          )}
          <Link to="/my-work">{t.shell.work}</Link>
          <Link to="/datasets">{t.shell.datasets}</Link>
          {managesSomething(me) && (
            <Link to="/people" search={{}}>
              {t.shell.people}
            </Link>
          )}
        </nav>
        <div className={classes["right"]}>
          <Saving />
          <SchemeButton />
          <Account me={me} />
        </div>
      </header>
      <div id="content" tabIndex={-1} style={{ outline: "none" }}>
        <Outlet />
      </div>
      <SignInAgainWhenNeeded me={me} />
    </OutboxProvider>
  );
}

/** A bare `#content` would be an address below the base of the app. */
function toContent(event: React.MouseEvent) {
  event.preventDefault();
  document.getElementById("content")?.focus();
}

function SchemeButton() {
  const scheme = useComputedColorScheme("light");
  const { setColorScheme } = useMantineColorScheme();
  const cache = useQueryClient();
  const preferences = useQuery(preferencesQuery);
  const other = scheme === "dark" ? "light" : "dark";
  const label = other === "dark" ? t.shell.toDark : t.shell.toLight;

  useEffect(() => {
    if (preferences.data?.scheme) setColorScheme(preferences.data.scheme);
  }, [preferences.data?.scheme, setColorScheme]);

  function change() {
    const wanted = { ...preferences.data, scheme: other } as const;
    setColorScheme(other);
    cache.setQueryData(preferencesQuery.queryKey, wanted);
    savePreferences(wanted).catch(() => undefined); // only a matter of taste; it holds in this browser anyway
  }

  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={change}>
        {other === "dark" ? <IconMoon size={18} /> : <IconSun size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}

function Account({ me }: { me: Me }) {
  const info = useQuery(infoQuery);
  const cache = useQueryClient();
  const navigate = useNavigate();

  async function leave() {
    await signOut().catch(() => undefined);
    cache.clear();
    await navigate({ to: "/login", search: { redirect: "" } });
  }

  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <UnstyledButton>
          <Avatar size={30} radius="xl" color="pine" variant="filled" aria-hidden>
            {me.full_name.slice(0, 2).toUpperCase()}
          </Avatar>
          <span className="sr-only">{t.shell.account(me.full_name)}</span>
        </UnstyledButton>
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
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>
          {t.shell.signOut}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>{t.shell.version(info.data?.["apportion"] ?? "")}</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  );
}

function SignInAgainWhenNeeded({ me }: { me: Me }) {
  const [open, setOpen] = useState(false);
  useEffect(() => onSessionEnd(() => { setOpen(true); }), []);
  return open ? (
    <Suspense>
      <SignInAgain me={me} onDone={() => { setOpen(false); }} />
    </Suspense>
  ) : null;
}
