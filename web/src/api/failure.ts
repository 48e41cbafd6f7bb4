/** Failures that take the place of a page, and those that leave standing what was read before. */

import { ApiError } from "./client";

/** Is it not there, or not for whoever asks? */
export function isGone(failure: Error): boolean {
  return failure instanceof ApiError && [403, 404].includes(failure.status);
}

/**
 * The failure to show instead of what was asked for. A later look that fails leaves what there is, and what somebody is
 * writing in it, unless that is gone.
 */
export function failureOf({ data, error }: { readonly data: unknown; readonly error: Error | null }): Error | null {
  return error && (data === undefined || isGone(error)) ? error : null;
}
