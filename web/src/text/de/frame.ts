import type { Language } from "@/text/translations";

export const frame: Language["frame"] = {
  nav: { label: "Dataset", records: "Einträge", team: "Team", rules: "Regeln", settings: "Einstellungen" },
  queue: {
    tools: "Suche, Filter und Ansicht",
    progress: "{done, number} von {total, number} erledigt",
  },
  allDone: "Alles erledigt. Neue Arbeit erscheint hier, sobald sie dir jemand zuweist.",
  flag: "Kommentieren",
  copySpan: "Übernehmen",
  taps: {
    how: "Tippe auf das erste Wort, dann auf das letzte.",
    last: "Ab „{word}“: tippe auf das letzte Wort, oder noch einmal auf dasselbe.",
  },
};

export const charts: Language["charts"] = {
  table: "Als Tabelle zeigen",
  days: {
    title: "Fortschritt nach Tagen",
    intro: "Einträge, die jede Person bis dahin beantwortet hat.",
    day: "Tag",
    summary: "Antworten bisher: {parts}",
    none: "Mit den ersten Antworten beginnt hier eine Linie.",
  },
  labels: {
    title: "Labels nach Person",
    intro: "Wie oft jede Person jedes Label gewählt hat, neben dem ganzen Team.",
    team: "Team",
    label: "Label",
    share: "{label}: {count, number} ({share})",
    summary: "{name}: {parts}",
    others: "Andere",
  },
  agreement: {
    verdicts: { chance: "Nicht besser als Zufall", low: "Niedrig", tentative: "Mittel", good: "Gut" },
    bars: "Übliche Schwellen: 0,67 für vorläufige Schlüsse, 0,80 für verlässliche Labels.",
    equal: "{share} der Antworten sind gleich.",
    beside: "{measure}: {value}.",
    chance: "α lässt aus, worin man auch zufällig übereinstimmt, und ist darum niedriger.",
    confusion: "Welche Labels verwechselt werden",
    confusionHint: "Zeilen: {one}. Spalten: {other}. Jede Zelle öffnet ihre Einträge.",
    pair: "Zwei Personen",
    pairOf: "{one} und {other}",
    cell: "{one} {a}, {other} {b}: {count, plural, one {# Eintrag} other {# Einträge}}",
    fewer: "{count, plural, one {# selteneres Label fehlt} other {# seltenere Labels fehlen}} hier; alle sind in der CSV-Datei.",
    csv: "CSV herunterladen",
    csvHead: ["Teil", "Von", "Maß", "Schätzung", "Unten", "Oben", "Einträge"],
  },
  events: {
    many: "{did} {count, plural, one {# Eintrag} other {# Einträge}}",
    times: "{from}–{to}",
    show: "Einträge zeigen",
    hide: "Einträge verbergen",
    who: "Aktivität von",
    everyone: "Alle",
  },
};
