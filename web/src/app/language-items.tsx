/** The languages in the menu of the person. Each is written in itself. */

import { Menu } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";

import { t } from "@/text/en";
import { chosenLanguage, type LanguageCode, LANGUAGES } from "@/text/language";

import { useLanguageChoice } from "./language";

export function LanguageItems() {
  const choose = useLanguageChoice();
  const now = chosenLanguage();
  const all: [LanguageCode | null, string][] = [[null, t.shell.browserLanguage], ...(Object.entries(LANGUAGES) as [LanguageCode, string][])];
  return (
    <>
      <Menu.Label>{t.shell.language}</Menu.Label>
      {all.map(([code, name]) => (
        <Menu.Item
          key={name}
          role="menuitemradio"
          aria-checked={code === now}
          lang={code ?? undefined}
          leftSection={code === now ? <IconCheck size={16} /> : <span style={{ width: 16 }} />}
          onClick={() => void choose(code)}
        >
          {name}
        </Menu.Item>
      ))}
    </>
  );
}
