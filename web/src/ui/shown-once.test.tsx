// @vitest-environment jsdom
import { expect, it } from "vitest";

import { copied } from "./shown-once";

it("copies where to sign in, and a table with a heading for each column", () => {
  const secrets = [{ username: "ana", password: "p-1" }, { username: "ben", password: "p-2", key: "k-2" }];
  expect(copied(secrets, "https://host/app/").split("\n")).toEqual(["Sign in at https://host/app/", "Username\tPassword\tAPI key", "ana\tp-1\t", "ben\tp-2\tk-2"]);
  expect(copied([{ username: "ana", password: "p-1" }], "https://host/").split("\n").slice(1)).toEqual(["Username\tPassword", "ana\tp-1"]);
});
