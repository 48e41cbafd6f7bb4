import type { Language } from "@/text/translations";

export const annotating: Language["annotating"] = {
  badQuery: {
    at: "Bei Zeichen {at, number}: {reason}.",
    query: "Die Suche",
    edit: "Suche ändern",
  },
  similar: {
    find: "Ähnliche suchen",
    which: "Nach welchem Vektor?",
    none: "Dieser Eintrag hat keine Vektoren",
    shown: "Die {count, number} nächsten nach {vector}",
    reference: "Ähnlich zu",
    back: "Zurück zu allen Einträgen",
    gone: "Den Eintrag zum Vergleichen gibt es nicht mehr",
  },
  spans: {
    marked: "„{text}“ als {label} markiert",
    unmarked: "{label} von „{text}“ entfernt",
    reject: "Ablehnen",
    rejectSpan: "{label} für „{text}“ ablehnen",
    resize: "Ziehe, um Anfang oder Ende der Markierung zu ändern",
    hint: "Alt und Pfeiltasten bewegen das Ende der Markierung unter dem Cursor, Umschalt und Alt ihren Anfang.",
    characters: "Halte beim Auswählen Alt gedrückt, um Teile von Wörtern zu markieren.",
  },
  predictions: {
    show: "Vorhersagen zeigen",
    hide: "Vorhersagen ausblenden",
    hidden: "Vorhersagen sind ausgeblendet",
    shownNow: "Vorhersagen werden gezeigt",
  },
  record: {
    inFront: "{position}: {text}",
    copyId: "ID kopieren",
    more: "Alles zeigen",
    less: "Weniger zeigen",
    info: "JSON ansehen",
    infoTitle: "Eintrag {id}",
    copyAll: "Als JSON kopieren",
    vectors: "Vektoren",
  },
  guidelines: {
    labels: "Labels",
    changed: "Die Richtlinien haben sich geändert, seit du sie zuletzt gelesen hast.",
    isNew: "Es gibt Richtlinien, die du noch nicht gelesen hast.",
    read: "Lesen",
  },
};
