/** A button that opens a panel below it; what is in the panel is loaded when it is first opened. */

import { Button, Popover, Skeleton } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { type ReactNode, Suspense, useState } from "react";

import { t } from "@/text/en";

interface Props {
  readonly title: string;
  /** Number of its filters that are set. */
  readonly count: number;
  readonly onOpen?: () => void;
  readonly children: (close: () => void) => ReactNode;
}

export function GroupButton({ title, count, onOpen, children }: Props) {
  const [open, setOpen] = useState(false);

  function change(next: boolean) {
    setOpen(next);
    if (next) onOpen?.();
  }

  return (
    <Popover opened={open} onChange={change} position="bottom-start" width={320} trapFocus returnFocus>
      <Popover.Target>
        <Button
          size="compact-sm"
          variant={count ? "light" : "subtle"}
          color={count ? "pine" : "gray"}
          rightSection={<IconChevronDown size={14} />}
          onClick={() => { change(!open); }}
        >
          {title}
          {count > 0 && ` (${String(count)})`}
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="xs" aria-label={title}>
        <Suspense fallback={<Skeleton h={80} role="progressbar" aria-label={t.common.loading} />}>{open && children(() => { setOpen(false); })}</Suspense>
      </Popover.Dropdown>
    </Popover>
  );
}
