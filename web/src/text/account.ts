/** Texts about one's own account. */

import { texts } from "./catalogue";

export const accountText = texts("account", {
  password: "Password",
  intro: "A new password signs you out in other browsers. Your API key stays the same.",
  current: "Current password",
  fresh: "New password",
  rule: "8 to 100 characters",
  submit: "Change password",
  done: "Password changed.",
});
