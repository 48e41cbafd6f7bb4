/** The end of a form: save, take back, and what became of it. */

import { Alert, Button } from "@mantine/core";

import { manageText } from "@/text/manage";

import classes from "./settings.module.css";

interface Props {
  readonly label?: string;
  readonly dirty: boolean;
  readonly trouble?: string | null;
  readonly pending: boolean;
  readonly failure: string | null;
  readonly saved: string | null;
  readonly onSave: () => void;
  readonly onRevert: () => void;
}

export function SaveBar({ label, dirty, trouble, pending, failure, saved, onSave, onRevert }: Props) {
  return (
    <>
      {failure && (
        <Alert color="red" variant="light" role="alert" mt="sm">
          {failure}
        </Alert>
      )}
      <div className={classes["foot"]}>
        <Button onClick={onSave} loading={pending} disabled={!dirty || Boolean(trouble)}>
          {label ?? manageText.settings.save}
        </Button>
        {dirty && (
          <Button variant="default" onClick={onRevert} disabled={pending}>
            {manageText.settings.revert}
          </Button>
        )}
        <span className={classes["state"]} role="status">
          {trouble ?? (dirty ? manageText.settings.unsaved : (saved ?? ""))}
        </span>
      </div>
    </>
  );
}
