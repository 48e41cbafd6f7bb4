/** Texts of one’s own settings. */

import { codes, msg } from "./catalogue";

export const settingsSource = {
  settings: {
    title: "My settings",
    profile: "Profile",
    username: "Username",
    fullName: "Name",
    role: "Role",
    workspaces: "Workspaces",
    roles: codes({ admin: "Administrator", annotator: "Annotator" }),
    key: "API key",
    keyIntro: "Notebooks and scripts sign in with it. It is stored in a form nobody can read, so it is only shown when it is made.",
    keyPrefix: msg(["prefix"], "Yours begins with {prefix}"),
    noKey: "You have none.",
    reset: "Make a new key",
    resetConfirm: "The old key stops working at once, in every notebook that uses it.",
    newKey: "Your new key; keep it now:",
    copyKey: "Copy the key",
    look: "Appearance",
    scheme: "Colours",
    schemes: { light: "Light", dark: "Dark", auto: "As the system" },
    textSize: "Size of texts",
    textSizes: { normal: "Normal", large: "Large", larger: "Larger" },
    annotating: "Annotating",
  },
};
