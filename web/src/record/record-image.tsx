/** The image of a record, above its text; where loading it would tell another host who reads it, a link to it. */

import { Anchor } from "@mantine/core";
import { IconPhoto } from "@tabler/icons-react";
import { useState } from "react";

import { imageOf } from "@/core/images";
import type { AppRecord } from "@/core/model";
import { imagesText } from "@/text/images";

import classes from "./record.module.css";

const hosts = (document.querySelector<HTMLMetaElement>("meta[name=image-hosts]")?.content ?? "").split(" ").filter(Boolean);

export function RecordImage({ record }: { record: Pick<AppRecord, "id" | "metadata"> }) {
  const image = imageOf(record.metadata, document.baseURI, hosts);
  const [failed, setFailed] = useState<string | null>(null);
  if (!image) return null;
  if (image.kind === "unusable") return <p className={classes["noimage"]}>{imagesText.unusable(image.given)}</p>;
  if (image.kind === "shown" && failed !== image.src) {
    return (
      <img
        className={classes["image"]}
        src={image.src}
        alt={imagesText.alt(record.id)}
        loading="lazy"
        referrerPolicy="no-referrer"
        onError={() => { setFailed(image.src); }}
      />
    );
  }
  return (
    <p className={classes["noimage"]}>
      <IconPhoto size={18} aria-hidden />
      {image.kind === "shown" && imagesText.failed}
      {!image.src.startsWith("data:") && (
        <Anchor size="sm" href={image.src} target="_blank" rel="noopener noreferrer">
          {imagesText.open}
        </Anchor>
      )}
      {image.kind === "linked" && imagesText.from(image.host)}
    </p>
  );
}
