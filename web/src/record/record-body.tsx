/** A record's texts and what its task asks of the annotator. */

import { Suspense } from "react";

import type { EditSession, RecordEdit } from "@/core/edit-session";
import { panel } from "@/ui/panel";

import { useAnnotatorSettings } from "./annotator-settings";
import { reject, toggleLabel } from "./answers";
import { MarkedText } from "./marked-text";
import { RecordImage } from "./record-image";
import classes from "./record.module.css";
import { TextClassification } from "./text-classification";
import TextToText from "./text-to-text";
import { TokenClassification } from "./token-classification";
import type { LabelSet } from "./use-labels";

const ExplainedText = panel(() => import("./explained-text"));

interface Props {
  readonly edits: EditSession;
  readonly edit: RecordEdit;
  readonly labels: LabelSet;
  readonly active: boolean;
  readonly roomy: boolean;
  readonly armed: string | null;
  readonly onPickLabel: (id: string, label: string) => void;
  readonly onSubmit?: (id: string) => void;
  /** Only the beginning of a long text is shown. */
  readonly clipped?: boolean;
}

export function RecordBody({ edits, edit, labels, active, roomy, armed, onPickLabel, onSubmit, clipped }: Props) {
  const { record } = edit;
  const { hidden } = useAnnotatorSettings(); // an explanation tells the prediction
  if (record.task === "TokenClassification") {
    return (
      <>
        <RecordImage record={record} />
        <TokenClassification
          edit={edit}
          labels={labels}
          active={active && roomy}
          armed={armed}
          clipped={clipped ?? false}
          onChange={(spans) => { edits.edit(record.id, { ...edit.now.value, spans }); }}
          onReject={(gone) => { edits.edit(record.id, reject(edit, gone)); }}
        />
      </>
    );
  }
  return (
    <>
      <RecordImage record={record} />
      {record.fields.map((field) => (
        <div key={field.name} className={classes["field"]} data-clipped={clipped || undefined}>
          {record.fields.length > 1 && <div className={classes["fieldname"]}>{field.name}</div>}
          <div className={classes["text"]} dir="auto">
            {!hidden && record.explanation?.[field.name]?.length ? (
              <Suspense fallback={<MarkedText text={field.text} hits={record.hits} />}>
                <ExplainedText field={field} tokens={record.explanation[field.name] ?? []} suggestions={record.suggestions} hits={record.hits} />
              </Suspense>
            ) : (
              <MarkedText text={field.text} hits={record.hits} />
            )}
          </div>
        </div>
      ))}
      {record.task === "TextClassification" ? (
        <TextClassification
          edit={edit}
          labels={labels}
          active={active}
          roomy={roomy}
          onPick={(label) => { onPickLabel(record.id, label); }}
          {...(onSubmit ? { onSubmit: () => { onSubmit(record.id); } } : {})}
        />
      ) : (
        <TextToText edit={edit} active={active && roomy} onChange={(text, typing) => { edits.edit(record.id, { text }, typing); }} />
      )}
    </>
  );
}

/** The value a click on a label leads to. */
export function picked(edit: RecordEdit, label: string) {
  return toggleLabel(edit.record, edit.now.value, label);
}
