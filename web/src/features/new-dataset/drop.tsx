/** Area where a file is chosen, or dropped. */

import { Alert } from "@mantine/core";
import { useState } from "react";

import { EXTENSIONS } from "@/core/file-rows";
import { manageText } from "@/text/manage";

import classes from "./new-dataset.module.css";

interface Props {
  /** Of the file that is there already. */
  readonly name: string | null;
  readonly unread: string | null;
  readonly onChoose: (file: File | undefined) => void;
}

export function Drop({ name, unread, onChoose }: Props) {
  const [over, setOver] = useState(false);
  return (
    <div>
      <label
        className={classes["drop"]}
        data-over={over || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => { setOver(false); }}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          onChoose(event.dataTransfer.files[0]);
        }}
      >
        <input
          type="file"
          aria-label={manageText.create.file}
          accept={EXTENSIONS}
          onChange={(event) => {
            onChoose(event.currentTarget.files?.[0]);
            event.currentTarget.value = ""; // so that a mended file of the same name can be chosen
          }}
        />
        {name !== null ? (
          <>
            <span>{name}</span>
            <strong>{manageText.create.another}</strong>
          </>
        ) : (
          <>
            <strong>{manageText.create.choose}</strong>
            <small>{manageText.create.drop}</small>
          </>
        )}
      </label>
      {unread !== null && (
        <Alert variant="light" color="red" mt="xs" role="alert">
          {unread}
        </Alert>
      )}
    </div>
  );
}
