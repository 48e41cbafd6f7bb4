/** A part of a page with a heading and a few words under it. */

import { Group, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

import classes from "./sheet.module.css";

export function Card({ title, intro, tools, children }: { title: string; intro?: ReactNode; tools?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes["card"]} aria-label={title}>
      <Group justify="space-between" align="flex-start" mb="sm" gap="xs">
        <div>
          <Title order={2}>{title}</Title>
          {intro && (
            <Text size="sm" c="dimmed" mt={2}>
              {intro}
            </Text>
          )}
        </div>
        {tools}
      </Group>
      {children}
    </section>
  );
}
