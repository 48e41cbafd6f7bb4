/** The one popup in which a marked stretch gets its label: by number, by typing, by arrow keys or mouse. */

import { useEffect, useId, useLayoutEffect, useRef, useState } from "react";

import { t } from "@/text/en";
import { Key } from "@/ui/key";

import classes from "./label-popup.module.css";
import type { LabelWithHue } from "./use-labels";

const MOST = 100;

interface Props {
  readonly title: string;
  readonly labels: readonly LabelWithHue[];
  readonly current: string | null;
  readonly box: { left: number; top: number };
  readonly onPick: (label: string) => void;
  readonly onRemove: (() => void) | null;
  readonly onClose: () => void;
}

export function LabelPopup({ title, labels, current, box, onPick, onRemove, onClose }: Props) {
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const [filter, setFilter] = useState("");
  const [marked, setMarked] = useState(Math.max(0, labels.findIndex((each) => each.name === current)));
  const [left, setLeft] = useState(box.left);
  const words = filter.trim().toLowerCase();
  const matching = words ? labels.filter((each) => each.name.toLowerCase().includes(words)) : labels;
  const shown = matching.slice(0, MOST);

  useLayoutEffect(() => {
    const space = (frame.current?.parentElement?.clientWidth ?? 0) - (frame.current?.offsetWidth ?? 0);
    setLeft(Math.max(0, Math.min(box.left, space)));
  }, [box.left]);

  useEffect(() => {
    const outside = (event: MouseEvent) => {
      if (event.target instanceof Node && !frame.current?.contains(event.target)) onClose();
    };
    document.addEventListener("mousedown", outside);
    return () => { document.removeEventListener("mousedown", outside); };
  }, [onClose]);

  function keyDown(event: React.KeyboardEvent) {
    // letters find labels here, so only digits choose at once
    const byKey = !words && /^\d$/.test(event.key) ? labels.find((each) => each.key === event.key) : undefined;
    const chosen = byKey ?? shown[marked];
    if (event.key === "Escape") onClose();
    else if (event.key === "ArrowDown") setMarked(Math.min(marked + 1, shown.length - 1));
    else if (event.key === "ArrowUp") setMarked(Math.max(marked - 1, 0));
    else if ((event.key === "Delete" || event.key === "Backspace") && !filter && onRemove) onRemove();
    else if ((event.key === "Enter" || byKey) && chosen) onPick(chosen.name);
    else if (event.key === "Tab") onClose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div ref={frame} className={classes["popup"]} style={{ left, top: box.top + 6 }} role="dialog" aria-label={title}>
      <input
        className={classes["find"]}
        role="combobox"
        aria-expanded
        aria-controls={id}
        aria-activedescendant={shown[marked] ? `${id}-${String(marked)}` : undefined}
        aria-label={t.annotate.findLabel}
        placeholder={t.annotate.findLabel}
        autoFocus
        value={filter}
        onChange={(event) => {
          setFilter(event.currentTarget.value);
          setMarked(0);
        }}
        onKeyDown={keyDown}
      />
      <ul id={id} role="listbox" aria-label={t.annotate.labels} className={classes["list"]}>
        {shown.map((each, at) => {
          const key = !words && /^\d$/.test(each.key ?? "") ? each.key : undefined;
          return (
            // eslint-disable-next-line jsx-a11y/click-events-have-key-events -- the input above has the keys
            <li
              key={each.name}
              id={`${id}-${String(at)}`}
              role="option"
              aria-selected={at === marked}
              className={classes["option"]}
              data-current={each.name === current || undefined}
              style={{ "--h": each.hue } as React.CSSProperties}
              title={each.description}
              onMouseEnter={() => { setMarked(at); }}
              onClick={() => { onPick(each.name); }}
            >
              <span className={classes["dot"]} />
              <span className={classes["name"]}>{each.name}</span>
              {key && <Key of={key} />}
            </li>
          );
        })}
      </ul>
      {!matching.length && <p className={classes["note"]}>{labels.length ? t.annotate.noLabel(filter) : t.annotate.noLabels}</p>}
      {matching.length > MOST && <p className={classes["note"]}>{t.filters.more(matching.length - MOST)}</p>}
      {onRemove && (
        <button type="button" className={classes["remove"]} onClick={onRemove}>
          <span>{t.annotate.remove}</span>
          <Key of="Delete" />
        </button>
      )}
    </div>
  );
}
