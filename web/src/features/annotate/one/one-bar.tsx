/** Actions on the record in front, each with its key; where one is, and the way on. */

import { Button } from "@mantine/core";
import { IconArrowBackUp, IconChecks, IconChevronLeft, IconChevronRight, IconEye, IconFlag, IconPlayerTrackNext, IconTrash, IconX } from "@tabler/icons-react";

import type { Actions } from "@/features/annotate/session/use-actions";
import classes from "@/record/action-bar.module.css";
import { ActionKey, useAnnotatorSettings } from "@/record/annotator-settings";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";
import { frameText } from "@/text/frame";
import { printed } from "@/ui/key";

interface Props {
  readonly id: string | null;
  readonly actions: Actions;
  /** Is anything predicted that can be taken over? */
  readonly predicted: boolean;
  /** Predicted spans that are neither accepted nor rejected; null where there are no spans. */
  readonly open: number | null;
  readonly writing: boolean;
  readonly mayUndo: boolean;
  readonly message: string;
  readonly position: string;
  readonly first: boolean;
  readonly onUndo: () => void;
  readonly onSkip: (() => void) | null;
  readonly onFlag: (() => void) | undefined;
  readonly onShow: () => void;
  readonly onGo: (step: 1 | -1) => void;
}

export function OneBar({ id, actions, predicted, open, writing, mayUndo, message, position, first, onUndo, onSkip, onFlag, onShow, onGo }: Props) {
  const { bindings, hidden } = useAnnotatorSettings();
  const keyTitle = (key: string | undefined) => (key === undefined ? undefined : t.common.keys(printed(key)));
  const quiet = { variant: "subtle", color: "gray" } as const;
  return (
    <div className={classes["bar"]}>
      <div className={classes["side"]}>
        <Button variant="default" disabled={!id} onClick={() => { if (id) actions.discard(id); }} leftSection={<IconTrash size={18} />} rightSection={<ActionKey action="discard" />}>
          {t.annotate.discard}
        </Button>
        <Button {...quiet} disabled={!mayUndo} onClick={onUndo} leftSection={<IconArrowBackUp size={18} />} rightSection={<ActionKey action="undo" at={1} />}>
          {t.annotate.undo}
        </Button>
        {onSkip && (
          <Button {...quiet} disabled={!id} onClick={onSkip} leftSection={<IconPlayerTrackNext size={18} />} rightSection={<ActionKey action="skip" />}>
            {t.queue.skip}
          </Button>
        )}
        {onFlag && (
          <Button {...quiet} disabled={!id} onClick={onFlag} leftSection={<IconFlag size={18} />} rightSection={<ActionKey action="flag" />}>
            {frameText.flag}
          </Button>
        )}
        {id && predicted && hidden && (
          <Button {...quiet} onClick={onShow} leftSection={<IconEye size={18} />} rightSection={<ActionKey action="predictions" />}>
            {annotatingText.predictions.show}
          </Button>
        )}
        {id && predicted && !hidden && open !== 0 && (
          <Button {...quiet} onClick={() => { actions.accept(id); }} leftSection={<IconChecks size={18} />} rightSection={<ActionKey action="accept" />}>
            {open === null ? t.annotate.accept : t.annotate.acceptAll}
          </Button>
        )}
        {id && !hidden && open !== null && open > 0 && (
          <Button {...quiet} onClick={() => { actions.reject(id); }} leftSection={<IconX size={18} />} rightSection={<ActionKey action="reject" />}>
            {annotatingText.spans.reject}
          </Button>
        )}
      </div>
      <span className={classes["note"]}>
        <span role="status">{message}</span>
        {open !== null && open > 0 && <span>{message && " · "}{t.annotate.openPredictions(open)}</span>}
      </span>
      <div className={classes["side"]} data-end>
        <Button.Group>
          <Button variant="default" px={10} aria-label={t.annotate.previous} title={keyTitle(bindings.previous[0])} disabled={first} onClick={() => { onGo(-1); }}>
            <IconChevronLeft size={16} />
          </Button>
          <Button.GroupSection variant="default" className={classes["position"] ?? ""}>
            {position}
          </Button.GroupSection>
          <Button variant="default" px={10} aria-label={t.annotate.next} title={keyTitle(bindings.next[0])} disabled={!id} onClick={() => { onGo(1); }}>
            <IconChevronRight size={16} />
          </Button>
        </Button.Group>
        <Button className={classes["submit"] ?? ""} disabled={!id} onClick={() => { if (id) actions.submit(id); }} rightSection={<ActionKey action="submit" at={writing ? 1 : 0} />}>
          {t.annotate.submit}
        </Button>
      </div>
    </div>
  );
}
