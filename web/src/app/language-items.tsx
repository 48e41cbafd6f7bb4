/** The languages in the menu of the person. Each is written in itself. */

import { Menu } from "@mantine/core";

import { t } from "@/text/en";
import { chosenLanguage, type LanguageCode, LANGUAGES } from "@/text/language";

import { useLanguageChoice } from "./language";

/** Stands for the language of the browser, which no code does. */
const BROWSER = "";

export function LanguageItems() {
  const choose = useLanguageChoice();
  const now = chosenLanguage();
  const all = Object.entries(LANGUAGES) as [LanguageCode, string][];
  return (
    <>
      <Menu.Label>{t.shell.language}</Menu.Label>
      <Menu.RadioGroup value={now ?? BROWSER} onChange={(code) => void choose(all.find(([each]) => each === code)?.[0] ?? null)}>
        <Menu.RadioItem value={BROWSER} closeMenuOnClick>{t.shell.browserLanguage}</Menu.RadioItem>
        {all.map(([code, name]) => (
          <Menu.RadioItem key={code} value={code} lang={code} closeMenuOnClick>
            {name}
          </Menu.RadioItem>
        ))}
      </Menu.RadioGroup>
    </>
  );
}
