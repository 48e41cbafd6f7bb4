/** Texts about one's own account. */

import { msg, texts } from "./catalogue";

export const accountText = texts("account", {
  settings: {
    title: "My settings",
    profile: "Profile",
    username: "Username",
    fullName: "Name",
    role: "Role",
    workspaces: "Workspaces",
    key: "API key",
    keyIntro: "Notebooks and scripts sign in with it. It’s shown only once, when you create it.",
    keyPrefix: msg(["prefix"], "Your key starts with {prefix}"),
    noKey: "You don’t have one.",
    reset: "Create a new key",
    resetConfirm: "The old key stops working immediately in every notebook that uses it.",
    newKey: "Your new key. Save it now:",
    copyKey: "Copy the key",
    look: "Appearance",
    scheme: "Theme",
    schemes: { light: "Light", dark: "Dark", auto: "System" },
    textSize: "Text size",
    textSizes: { normal: "Normal", large: "Large", larger: "Larger" },
    annotating: "Annotating",
  },
  password: "Password",
  intro: "A new password signs you out in other browsers. Your API key stays the same.",
  current: "Current password",
  fresh: "New password",
  rule: "8 to 100 characters",
  submit: "Change password",
  done: "Password changed.",
});
