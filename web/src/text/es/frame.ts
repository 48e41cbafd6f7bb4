import type { Language } from "@/text/translations";

export const frame: Language["frame"] = {
  nav: { label: "Dataset", records: "Registros", team: "Equipo", rules: "Reglas", settings: "Ajustes" },
  queue: {
    tools: "Búsqueda, filtros y vista",
    progress: "{done, plural, one {# hecho} other {# hechos}} de {total, number}",
  },
  allDone: "Todo hecho. El trabajo nuevo aparece aquí en cuanto alguien te lo asigna.",
  flag: "Comentar",
  copySpan: "Copiar abajo",
  taps: {
    how: "Toca la primera palabra y después la última.",
    last: "Desde «{word}»: toca la última palabra, o la misma otra vez.",
  },
};

export const charts: Language["charts"] = {
  table: "Mostrar como tabla",
  days: {
    title: "Progreso por día",
    intro: "Registros que cada persona ha respondido hasta ese día.",
    day: "Día",
    summary: "Respuestas hasta ahora: {parts}",
    none: "Las primeras respuestas trazan aquí una línea.",
  },
  labels: {
    title: "Etiquetas por persona",
    intro: "Con qué frecuencia eligió cada persona cada etiqueta, junto a todo el equipo.",
    team: "Equipo",
    label: "Etiqueta",
    share: "{label}: {count, number} ({share})",
    summary: "{name}: {parts}",
    others: "Otras",
  },
  agreement: {
    verdicts: { chance: "No mejor que el azar", low: "Bajo", tentative: "Aceptable", good: "Bueno" },
    bars: "Umbrales habituales: 0,67 para conclusiones provisionales; 0,80 para etiquetas fiables.",
    equal: "El {share} de las respuestas coincide.",
    beside: "{measure}: {value}.",
    chance: "α descuenta lo que coincidiría por azar, por eso es más bajo.",
    confusion: "Qué etiquetas se confunden",
    confusionHint: "Filas: {one}. Columnas: {other}. Cada celda abre sus registros.",
    pair: "Dos personas",
    pairOf: "{one} y {other}",
    cell: "{one} {a}, {other} {b}: {count, plural, one {# registro} other {# registros}}",
    fewer: "{count, plural, one {No se muestra # etiqueta menos frecuente} other {No se muestran # etiquetas menos frecuentes}}; todas están en el CSV.",
    csv: "Descargar CSV",
    csvHead: ["Parte", "De", "Medida", "Estimación", "Inferior", "Superior", "Registros"],
  },
  events: {
    many: "{did} {count, plural, one {# registro} other {# registros}}",
    times: "{from}–{to}",
    show: "Mostrar los registros",
    hide: "Ocultar los registros",
    who: "Actividad de",
    everyone: "Todo el mundo",
  },
};
