/** Texts of one’s own settings. */

import { msg } from "./catalogue";

export const settingsSource = {
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
};
