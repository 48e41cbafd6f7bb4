import { afterEach, describe, expect, it, vi } from "vitest";

vi.stubGlobal("document", { baseURI: "http://localhost/apportion/" });
vi.stubGlobal("Request", class extends Request {
  constructor(input: RequestInfo, init?: RequestInit) {
    super(typeof input === "string" ? new URL(input, "http://localhost") : input, init);
  }
});
vi.resetModules(); // the address is read once, when the module is
const { ApiError, ask, askExactly, base, client, OfflineError } = await import("./client");

const answered = (status: number, error?: unknown, data?: unknown) => Promise.resolve({ data, error, response: { ok: status < 400, status } as Response });
const refusal = async (status: number, error: unknown) => {
  const failure: unknown = await ask(answered(status, error)).catch((each: unknown) => each);
  if (!(failure instanceof ApiError)) throw new Error("it was no refusal");
  return failure;
};

describe("an answer of the server", () => {
  it("is its data", async () => {
    expect(await ask(answered(200, undefined, { a: 1 }))).toEqual({ a: 1 });
  });

  it("keeps numbers that are too large for a browser", async () => {
    expect(await askExactly(answered(200, undefined, '{"id": 1234567890123456789}'))).toEqual({ id: "1234567890123456789" });
  });

  it("that never came means that the server cannot be reached", async () => {
    await expect(ask(Promise.reject(new TypeError("fetch failed")))).rejects.toThrow(OfflineError);
  });

  it("that nobody waits for any more is no failure of the network", async () => {
    await expect(ask(Promise.reject(new DOMException("stopped", "AbortError")))).rejects.not.toThrow(OfflineError);
  });
});

describe("a refusal", () => {
  it("has the last part of its code, and its parameters", async () => {
    const failure = await refusal(409, { detail: { code: "argilla.api.errors::StaleVersionError", params: { version: 3, detail: "Somebody was faster." } } });
    expect(failure).toMatchObject({ status: 409, code: "StaleVersionError", message: "Somebody was faster.", params: { version: 3 } });
  });

  it("names what is not there", async () => {
    const failure = await refusal(404, { detail: { code: "EntityNotFoundError", params: { name: "mail", type: "Dataset" } } });
    expect(failure.message).toBe("There is no Dataset mail.");
    expect((await refusal(404, { detail: { code: "E", params: { name: "mail" } } })).message).toBe("There is no mail.");
  });

  it("says everything that is wrong with what was sent", async () => {
    const errors = [{ msg: "a is missing" }, { reason: "b is no number" }];
    expect((await refusal(422, { detail: { code: "ValidationError", params: { errors } } })).message).toBe("a is missing; b is no number");
  });

  it("is read from text as well, and from what is no JSON at all", async () => {
    expect((await refusal(400, '{"detail": "Too long."}')).message).toBe("Too long.");
    expect((await refusal(400, "<html>")).message).toBe("The server answered 400.");
    expect((await refusal(400, { detail: { code: "Odd", params: null } })).message).toBe("The server answered 400.");
  });

  it("of what stands in front of the server says that it is not available", async () => {
    expect(await refusal(502, "<html>Bad gateway</html>")).toMatchObject({ code: "Unavailable" });
  });
});

it("knows where the app is served", () => {
  expect(base).toBe("/apportion/");
});

describe("what the server does once", () => {
  const undo = () => ask(client.POST("/api/jobs/{id}:undo", { params: { path: { id: "7" } } }));
  const sent: Request[] = [];
  const answering = (...answers: (() => Response)[]) => {
    vi.useFakeTimers();
    vi.stubGlobal("fetch", async (request: Request) => {
      sent.push(request);
      const answer = answers[sent.length - 1];
      if (!answer) throw new Error("asked too often");
      return answer();
    });
  };
  const lost = () => { throw new TypeError("fetch failed"); };
  const key = (request?: Request) => request?.headers.get("Idempotency-Key");
  afterEach(() => {
    vi.useRealTimers();
    sent.length = 0;
  });

  it.each([["the answer got lost", lost], ["the server was away", () => new Response(null, { status: 503 })], ["a proxy found no server", () => new Response("<html>", { status: 502 })]])("is sent once more with the same key when %s", async (_, first) => {
    answering(first, () => Response.json({ id: "8" }));
    const done = undo();
    await vi.runAllTimersAsync();
    expect(await done).toEqual({ id: "8" });
    expect(sent).toHaveLength(2);
    expect(key(sent[0])).toMatch(/^[0-9a-f]{32}$/);
    expect(key(sent[1])).toBe(key(sent[0]));
  });

  it("has a key of its own each time somebody asks for it", async () => {
    answering(() => Response.json({}), () => Response.json({}));
    await undo();
    await undo();
    expect(key(sent[1])).not.toBe(key(sent[0]));
  });

  it("is refused like anything else", async () => {
    answering(() => Response.json({ detail: "No." }, { status: 403 }));
    await expect(undo()).rejects.toThrow("No.");
  });

  it("is all that is sent twice", async () => {
    answering(lost);
    await expect(ask(client.DELETE("/api/webhooks/{id}", { params: { path: { id: "7" }, query: { workspace: "team" } } } as never))).rejects.toThrow(OfflineError);
    expect(key(sent[0])).toBeNull();
  });
});
