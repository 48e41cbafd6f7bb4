import type { Language } from "@/text/translations";

export const annotating: Language["annotating"] = {
  badQuery: {
    at: "En el carácter {at, number}: {reason}.",
    query: "La búsqueda",
    edit: "Cambiar la búsqueda",
  },
  similar: {
    find: "Buscar similares",
    which: "¿Por qué vector?",
    none: "Este registro no tiene vectores",
    shown: "Los {count, number} más cercanos por {vector}",
    reference: "Similares a",
    back: "Volver a todos los registros",
    gone: "El registro con el que comparar ya no existe",
  },
  spans: {
    marked: "«{text}» marcado como {label}",
    unmarked: "{label} quitado de «{text}»",
    reject: "Rechazar",
    rejectSpan: "Rechazar {label} para «{text}»",
    resize: "Arrastra para cambiar dónde empieza o termina el fragmento",
    hint: "Alt y las flechas mueven el final del fragmento bajo el cursor; Mayús y Alt, su principio.",
    characters: "Mantén Alt pulsada al seleccionar para marcar partes de palabras.",
  },
  predictions: {
    show: "Mostrar las predicciones",
    hide: "Ocultar las predicciones",
    hidden: "Las predicciones están ocultas",
    shownNow: "Las predicciones se muestran",
  },
  record: {
    inFront: "{position}: {text}",
    copyId: "Copiar el ID",
    more: "Mostrar todo",
    less: "Mostrar menos",
    info: "Ver JSON",
    infoTitle: "Registro {id}",
    copyAll: "Copiar como JSON",
    vectors: "Vectores",
  },
  guidelines: {
    labels: "Etiquetas",
    changed: "La guía ha cambiado desde que la leíste por última vez.",
    isNew: "Hay una guía que todavía no has leído.",
    read: "Leer",
  },
};
