/** Names and first passwords of new people. */

/** Pattern of the names of users, workspaces and datasets. */
const NAME = /^[a-z0-9][a-z0-9_-]*$/;

export const isName = (name: string): boolean => NAME.test(name) && name.length <= 200;

/** The usernames in what somebody typed, each once. */
export function namesIn(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
}

const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"; // without those that look alike

/** A password that can be read out: about 75 bits of chance. */
export function drawPassword(): string {
  const drawn = crypto.getRandomValues(new Uint8Array(15));
  const letters = [...drawn].map((each) => LETTERS[each % LETTERS.length] ?? "");
  return [0, 5, 10].map((from) => letters.slice(from, from + 5).join("")).join("-");
}

/** "ana" as people write it. */
export const spoken = (username: string) => username.slice(0, 1).toUpperCase() + username.slice(1);
