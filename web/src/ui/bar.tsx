/** A thin bar of done and discarded; the words beside it say the same. */

import classes from "./bar.module.css";

export function Bar(props: { parts: readonly { share: number; kind: "done" | "discarded" | "draft" }[]; label: string }) {
  return (
    <div className={classes["bar"]} role="img" aria-label={props.label}>
      {props.parts.map((each) => (
        <span key={each.kind} className={classes[each.kind]} style={{ width: `${String(each.share * 100)}%` }} />
      ))}
    </div>
  );
}
