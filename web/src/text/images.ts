/** Texts around the image of a record. */

import { msg, texts } from "./catalogue";

export const imagesText = texts("images", {
  alt: msg(["id"], "Image of record {id}"),
  open: "Open the image",
  from: msg(["host"], "from {host}, in a new tab"),
  failed: "The image couldn’t be loaded.",
  unusable: msg(["given"], "Browsers can’t open the address of this image: {given}"),
});
