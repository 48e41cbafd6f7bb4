/** Message of a page that has nothing to show: what is so, why, and what to do. `page`: it has no other heading. */

import { Code, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

export function Empty(props: { title: string; children?: ReactNode; code?: string; alert?: boolean; page?: boolean }) {
  return (
    <Stack align="center" gap="sm" py={64} px="md" ta="center" {...(props.alert ? { role: "alert" } : {})}>
      <Title order={props.page ? 1 : 2} size="h2">{props.title}</Title>
      {props.children && (
        <Text component="div" c="dimmed" maw={520}>
          {props.children}
        </Text>
      )}
      {props.code && (
        <Code block ta="start" px="md" py="sm" tabIndex={0} style={{ maxWidth: "100%", overflow: "auto" }}>
          {props.code}
        </Code>
      )}
    </Stack>
  );
}
