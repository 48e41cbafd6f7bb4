/** Frame around every page: where one can go, whether all is saved, who one is. */

import { ActionIcon, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { IconMoon, IconSun } from "@tabler/icons-react";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link, Outlet } from "@tanstack/react-router";
import { Suspense, useCallback, useEffect, useState } from "react";

import { type Me, meQuery, subscribeToSession } from "@/api/session";
import { managesSomething, seesSomething } from "@/core/roles";
import { t } from "@/text/en";
import { Logo } from "@/ui/logo";
import { panel } from "@/ui/panel";

import { useChosenLanguage } from "./language";
import { OutboxProvider } from "./outbox-provider";
import { usePreferences } from "./preferences";
import { onSessionEnd, sessionEnded } from "./query-client";
import { Saving } from "./saving";
import classes from "./shell.module.css";

const AccountMenu = panel(() => import("./account-menu"));
const SignInAgain = panel(() => import("./sign-in-again"));

export function Shell() {
  const { data: me } = useSuspenseQuery(meQuery);
  useChosenLanguage();
  return (
    <OutboxProvider user={me.username}>
      <a className="skip" href="#content" onClick={toContent}>
        {t.shell.skip}
      </a>
      <header className={classes["header"]}>
        <Link to="/" className={classes["brand"]} aria-label={t.app}>
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
  const [preferences, change] = usePreferences();
  const other = scheme === "dark" ? "light" : "dark";
  const label = other === "dark" ? t.shell.toDark : t.shell.toLight;

  useEffect(() => {
    if (preferences.scheme) setColorScheme(preferences.scheme);
  }, [preferences.scheme, setColorScheme]);

  return (
    <ActionIcon
      className={classes["scheme"] ?? ""}
      aria-label={label}
      title={label}
      onClick={() => {
        setColorScheme(other);
        change({ scheme: other });
      }}
    >
      {other === "dark" ? <IconMoon size={18} /> : <IconSun size={18} />}
    </ActionIcon>
  );
}

/** The menu is loaded when it is opened; until then there is its button. */
function Account({ me }: { me: Me }) {
  const [opened, setOpened] = useState(false);
  const button = (
    <UnstyledButton aria-haspopup="menu" aria-expanded={false} onClick={() => { setOpened(true); }}>
      <Face me={me} />
    </UnstyledButton>
  );
  return opened ? (
    <Suspense fallback={button}>
      <AccountMenu me={me}>
        <Face me={me} />
      </AccountMenu>
    </Suspense>
  ) : (
    button
  );
}

function Face({ me }: { me: Me }) {
  return (
    <>
      <span className={classes["face"]} aria-hidden>
        {me.full_name.slice(0, 2).toUpperCase()}
      </span>
      <span className="sr-only">{t.shell.account(me.full_name)}</span>
    </>
  );
}

function SignInAgainWhenNeeded({ me }: { me: Me }) {
  const [open, setOpen] = useState(false);
  const close = useCallback(() => { setOpen(false); }, []);
  useEffect(() => onSessionEnd(() => { setOpen(true); }), []);
  useEffect(() => subscribeToSession(sessionEnded), []);
  return open ? (
    <Suspense>
      <SignInAgain me={me} onDone={close} />
    </Suspense>
  ) : null;
}
