/** Shapes of the API under the names that code has for them. Types only, so that `core` may know them. */

import type { components } from "./schema";

type Schemas = components["schemas"];

/** A record as the server shows it. */
export type WireRecord = Schemas["Record"];
/** A prediction or an annotation in a record. */
export type WireValue = Schemas["ShownValue"];
/** The value of an answer, without its author. */
export type AnswerValue = Schemas["AnswerValue"];
/** Somebody's own annotation. */
export type WireOwn = Pick<Schemas["AnnotationOut"], "value" | "state">;
/** Decision of a human. */
export type WireGold = Schemas["Gold"];
/** A plan as the server reads it. */
export type PlanSpec = Schemas["PlanSpec"];
export type SearchBody = Required<Pick<Schemas["Search"], "query" | "sort">>;
export type SearchPage = Schemas["SearchPage"];
export type Counts = Readonly<Record<string, number>>;
