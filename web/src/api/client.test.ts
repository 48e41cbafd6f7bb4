import { describe, expect, it, vi } from "vitest";

vi.stubGlobal("document", { baseURI: "http://localhost/apportion/" });
const { ApiError, ask, askExactly, base, OfflineError } = await import("./client");

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
