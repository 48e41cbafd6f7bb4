/** A key as it is printed on a control. */

import { printKey } from "@/core/keys";

const MAC = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

export function printed(key: string): string {
  return printKey(key, MAC);
}

export function Key({ of }: { of: string }) {
  return <kbd className="key">{printed(of)}</kbd>;
}
