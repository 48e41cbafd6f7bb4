/** Warnings beside figures whose intervals are known to fail. */

import { Alert } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";

import type { Figure } from "@/api/agreement";
import { agreementText } from "@/text/agreement";
import { translated } from "@/text/translated";

import classes from "./agreement.module.css";

/** The warning about one figure, in a sentence. */
export function Caution({ figure }: { figure: Figure }) {
  if (!figure.caution_why) return null;
  return (
    <Alert className={classes["caution"]} color="yellow" variant="light" icon={<IconAlertTriangle size={16} aria-hidden />} p="xs">
      {agreementText.caution(translated(figure.caution_why))}
    </Alert>
  );
}

/** The sign beside one of many figures. */
export function CautionSign({ figure }: { figure: Figure }) {
  if (!figure.caution_why) return null;
  const why = agreementText.caution(translated(figure.caution_why));
  return (
    <span className={classes["sign"]} role="img" aria-label={why} title={why}>
      <IconAlertTriangle size={14} aria-hidden />
    </span>
  );
}

/** Meaning of the signs in a table, once for each kind. */
export function CautionNote({ figures }: { figures: readonly Figure[] }) {
  const kinds = [...new Set(figures.flatMap(({ caution }) => (caution ? [caution] : [])))];
  return kinds.map((kind) => (
    <p key={kind} className={classes["note"]}>
      <IconAlertTriangle size={13} className={classes["sign"]} aria-hidden /> {agreementText.cautions[kind] ?? agreementText.cautionOfAnyKind}
    </p>
  ));
}
