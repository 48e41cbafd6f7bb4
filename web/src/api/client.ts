/** The one way to the server: typed by its own OpenAPI document, with every failure as one kind of error. */

import createClient from "openapi-fetch";

import { parseToRead } from "@/core/exact-json";

import type { paths } from "./schema";

/** The server said no. `code` is the name of the refusal, `message` is for people. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly params: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

/** Messages where the server sends none. The app puts its texts here, in the language that is active. */
export const wording = {
  unreachable: () => "The server can’t be reached.",
  unavailable: () => "The server isn’t available right now.",
  answered: (status: string) => `The server answered ${status}.`,
  missing: (kind: string, name: string) => `There is no ${kind} ${name}.`,
  /** A sentence of the server. */
  translated: (sentence: string) => sentence,
};

/** The server could not be reached. */
export class OfflineError extends Error {
  constructor() {
    super(wording.unreachable());
  }
}

/** Address that the app is served at, with a slash at the end. */
export const base = new URL(document.baseURI).pathname;

/** Does the server hand the app out at this moment? Asked of itself, not of what the browser has kept. */
export async function isServed(): Promise<boolean> {
  try {
    return (await fetch(base, { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

const KEY = "Idempotency-Key";
/** Requests that the server runs once however often they come with the same key. Nothing else that changes something is sent again. */
const DONE_ONCE = /\/(comments|datasets:gather|datasets\/[^/]+:copy|annotations:apply|consensus:accept|gold:import|jobs\/[^/]+:undo|assignments|assignments\/[^/]+:(extend|rebalance|move|withdraw|undo))$/;
const AGAIN_MS = 1_000;

/** Statuses of a server that is away, or of a proxy in its place. */
const AWAY = [502, 503, 504];

/** Sends a request; one that may come twice is sent once more when its answer got lost or the server was just away. */
async function send(request: Request): Promise<Response> {
  // found at call time, so that tests and the browser's own replacements count
  if (request.method === "GET" || !DONE_ONCE.test(new URL(request.url).pathname)) return globalThis.fetch(request);
  request.headers.set(KEY, randomKey());
  const again = request.clone();
  try {
    const response = await globalThis.fetch(request);
    if (!AWAY.includes(response.status)) return response;
  } catch (failure) {
    if (request.signal.aborted) throw failure;
  }
  await new Promise((done) => setTimeout(done, AGAIN_MS));
  return globalThis.fetch(again);
}

/** As browsers have `randomUUID` on secure addresses only. */
const randomKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export const client = createClient<paths>({
  baseUrl: base.replace(/\/$/, ""),
  credentials: "same-origin",
  fetch: send,
});

const PAGE = "X-Apportion";
/** Sent by a page that does not know yet who has signed in, or that wants to know who it is now. */
export const ANYBODY = { [PAGE]: "1" };
/** For what somebody did on this page, whoever it is of by now. */
export const asPageOf = (username: string) => ({ [PAGE]: username });
let believed: string | null = null;

/**
 * Says whose page this is from now on. All windows share the browser's one session, and somebody else may sign in in
 * another one: every request names who this page is of, and the server refuses what is not theirs.
 */
export function pageIsOf(username: string | null): void {
  believed = username;
}

client.use({
  onRequest: ({ request }) => {
    if (!request.headers.has(PAGE)) request.headers.set(PAGE, believed ?? ANYBODY[PAGE] ?? "");
    return request;
  },
});

interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer, or an error to throw. */
export async function ask<T>(call: Promise<Result<T>>): Promise<T> {
  let result: Result<T>;
  try {
    result = await call;
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === "AbortError") throw failure;
    throw new OfflineError();
  }
  if (!result.response.ok) throw refusal(result.response.status, result.error);
  return result.data as T;
}

/** As `ask` for calls made with `parseAs: "text"`: reads JSON without changing large numbers. */
export async function askExactly<T>(call: Promise<Result<unknown>>): Promise<T> {
  return parseToRead(String(await ask(call))) as T;
}

function refusal(status: number, body: unknown): ApiError {
  const parsed = typeof body === "string" ? tryJson(body) : body;
  const detail = (parsed as { detail?: unknown } | null)?.detail;
  if (detail && typeof detail === "object") {
    const { code = "", params } = detail as { code?: string; params?: Record<string, unknown> | null };
    return new ApiError(status, code.split("::").at(-1) ?? code, worded(params ?? {}, status), params ?? {});
  }
  if (AWAY.includes(status)) return new ApiError(status, "Unavailable", wording.unavailable());
  return new ApiError(status, "", typeof detail === "string" ? wording.translated(detail) : wording.answered(String(status)));
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function worded(params: Record<string, unknown>, status: number): string {
  const errors = params["errors"];
  if (Array.isArray(errors)) {
    return errors.map((each: { msg?: string; reason?: string }) => wording.translated(each.msg ?? each.reason ?? "")).join("; ");
  }
  for (const name of ["detail", "message"]) {
    if (typeof params[name] === "string") return wording.translated(params[name]);
  }
  if (typeof params["name"] === "string") return wording.missing(wording.translated(String(params["type"] ?? "")), params["name"]).replace("  ", " ");
  return wording.answered(String(status));
}
