/** The sign-in page. Afterwards one is where one wanted to go. */

import { Center, Group, Paper, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";

import { type Me, meQuery } from "@/api/session";
import { LoginForm } from "@/app/login-form";
import { t } from "@/text/en";
import { Logo } from "@/ui/logo";

const route = getRouteApi("/login");

export function LoginPage() {
  const { redirect } = route.useSearch();
  const router = useRouter();
  const cache = useQueryClient();

  function done(me: Me) {
    cache.clear();
    cache.setQueryData(meQuery.queryKey, me);
    // only addresses of this app: one slash, and no backslash, which browsers take for one
    const inside = /^\/(?![/\\])/.test(redirect);
    router.history.push(inside ? redirect : router.basepath.replace(/\/?$/, "/"));
  }

  return (
    <Center component="main" mih="100vh" p="md">
      <title>{`${t.login.title} · ${t.app}`}</title>
      <Paper withBorder p="xl" w={360} maw="100%">
        <Group gap="xs" mb="lg">
          <Logo size={28} />
          <Title order={1}>{t.login.title}</Title>
        </Group>
        <LoginForm onDone={done} />
      </Paper>
    </Center>
  );
}
