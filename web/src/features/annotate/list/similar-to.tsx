/** The record others are compared with, pinned above them, and the way back. */

import { Button, Skeleton } from "@mantine/core";
import { IconArrowLeft } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { findNear, type Near } from "@/api/records";
import type { DatasetRef } from "@/core/model";
import type { View } from "@/core/view";
import { MarkedText } from "@/record/marked-text";
import record from "@/record/record.module.css";
import type { LabelSet } from "@/record/use-labels";
import { annotatingText } from "@/text/annotating";
import { t } from "@/text/en";

import classes from "./similar.module.css";

export function useNear(dataset: DatasetRef, similar: View["similar"]) {
  return useQuery({
    queryKey: ["near", dataset.workspace, dataset.name, similar?.record, similar?.vector],
    queryFn: () => (similar ? findNear(dataset, similar.record, similar.vector) : null),
    enabled: similar !== null,
    staleTime: 60_000,
  });
}

interface Props {
  readonly dataset: DatasetRef;
  readonly near: Near | null;
  readonly missing: boolean;
  readonly labels: LabelSet;
  readonly count: number | null;
  readonly onBack: () => void;
}

export function SimilarTo({ near, missing, labels, count, onBack }: Props) {
  return (
    <section className={classes["pinned"]} aria-label={annotatingText.similar.reference}>
      <div className={classes["head"]}>
        <Button size="compact-sm" variant="default" leftSection={<IconArrowLeft size={15} />} onClick={onBack}>
          {annotatingText.similar.back}
        </Button>
        <span>{near && count !== null && annotatingText.similar.shown(count, near.vector)}</span>
      </div>
      {missing ? (
        <p role="alert">{annotatingText.similar.gone}</p>
      ) : near ? (
        near.record.fields.map((each) => (
          <div key={each.name} className={record["text"]} dir="auto">
            <MarkedText text={each.text} hits={[]} spans={near.record.answer.value.spans ?? []} hue={labels.hue} />
          </div>
        ))
      ) : (
        <Skeleton h={40} role="progressbar" aria-label={t.common.loading} />
      )}
    </section>
  );
}
