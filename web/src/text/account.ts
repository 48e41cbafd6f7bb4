/** Texts about one's own account. */

import { texts } from "./catalogue";

export const accountText = texts("account", {
  password: "Password",
  intro: "A new password ends your sessions in other browsers. Your API key stays.",
  current: "Present password",
  fresh: "New password",
  rule: "8 to 100 characters",
  submit: "Change password",
  done: "Your password is changed.",
});
