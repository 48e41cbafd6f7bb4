/** Compiles the messages of `src/text` on the way into the app and the tests, so that no browser loads the compiler. */

import { compileMessageOrThrow } from "@lingui/message-utils/compileMessage";
import type { Plugin } from "vite";

/** As in `src/text/catalogue.ts`. */
const COMPILED = "\u0001";
const LITERAL = /"(?:[^"\\\n]|\\.)*"/g;

/** Replace each text that has placeholders by its compiled form, as JSON in a text. */
export function compileMessages(code: string): string {
  return code.replace(LITERAL, (literal) =>
    literal.includes("{") ? JSON.stringify(COMPILED + JSON.stringify(compileMessageOrThrow(JSON.parse(literal) as string))) : literal,
  );
}

export const messages: Plugin = {
  name: "messages",
  enforce: "pre",
  transform: {
    // what the server says is filled in by `text/server`, not by the library
    filter: { id: { include: /\/src\/text\/.*\.ts$/, exclude: /\/src\/text\/(?:\w+\/server\.ts$|server\/)/ } },
    handler: (code) => ({ code: compileMessages(code), map: null }),
  },
};
