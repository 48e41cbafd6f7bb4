/** A label in its colour. */

import classes from "./rules.module.css";

export function LabelTag({ name, hue }: { name: string; hue: number }) {
  return (
    <span className={classes["tag"]} style={{ "--h": hue } as React.CSSProperties}>
      {name}
    </span>
  );
}
