/** Record of a list that is in front. Lists grow and shrink meanwhile, so it is named and not numbered. */

/**
 * The record named, the first (null), or the one after the last one there was: what is read meanwhile comes there, so
 * whoever is faster than the server goes on where they are.
 */
export type Front = string | null | { readonly after: string };

/** Its place in the list; the length of the list where the record after the last one is not there yet. */
export function placeOf(ids: readonly string[], front: Front): number {
  if (front === null) return 0;
  if (typeof front === "string") return Math.max(0, ids.indexOf(front));
  const at = ids.indexOf(front.after);
  return at < 0 ? ids.length : at + 1;
}

/** Record in front once somebody goes to a place. */
export function frontAt(ids: readonly string[], place: number): Front {
  const last = ids.at(-1);
  return place >= ids.length && last !== undefined ? { after: last } : (ids[Math.max(0, place)] ?? null);
}

/** Record in front once the record at a place has gone. */
export function frontWithout(ids: readonly string[], place: number): Front {
  const [before, next] = [ids[place - 1], ids[place + 1]];
  return next ?? (before === undefined ? null : { after: before });
}
