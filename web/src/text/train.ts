/** Texts of the dialog with code to train a model. */

import { msg, texts } from "./catalogue";

export const trainText = texts("train", {
  open: "Train a model",
  title: msg(["name"], "Train a model on {name}"),
  validated: msg(["count"], "{count, plural, =0 {No record is validated yet, so there is nothing to train on.} one {This code trains on # validated record.} other {This code trains on # validated records.}}"),
  key: "Insert your API key from “My settings”.",
  libraries: "Libraries",
  copy: msg(["library"], "Copy the code for {library}"),
  code: msg(["library"], "Code for {library}"),
});
