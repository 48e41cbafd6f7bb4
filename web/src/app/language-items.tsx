/** The languages in the menu of the person. Each is written in itself. */

import { Menu } from "@mantine/core";

import { t } from "@/text/en";
import { chosenLanguage, isLanguage, LANGUAGES } from "@/text/language";

import { useLanguageChoice } from "./language";

/** Stands for the language of the browser, which no code does. */
const BROWSER = "";

export function LanguageItems() {
  const choose = useLanguageChoice();
  const now = chosenLanguage();
  return (
    <>
      <Menu.Label>{t.shell.language}</Menu.Label>
      <Menu.RadioGroup value={now ?? BROWSER} onChange={(code) => void choose(isLanguage(code) ? code : null)}>
        <Menu.RadioItem value={BROWSER} closeMenuOnClick>{t.shell.browserLanguage}</Menu.RadioItem>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <Menu.RadioItem key={code} value={code} lang={code} closeMenuOnClick>
            {name}
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
    </>
  );
}
