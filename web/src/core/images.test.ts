import { expect, test } from "vitest";

import { imageOf } from "./images";

const PAGE = "https://team.example.org/apportion/";
const of = (given: unknown, hosts: readonly string[] = [], page = PAGE) => imageOf({ _image_url: given }, page, hosts);

test("images of this server and in the address itself are shown", () => {
  expect(of("files/a.png")).toEqual({ kind: "shown", src: "https://team.example.org/apportion/files/a.png", own: true });
  expect(of("/b.png")).toEqual({ kind: "shown", src: "https://team.example.org/b.png", own: true });
  expect(of("data:image/png;base64,AAAA")).toEqual({ kind: "shown", src: "data:image/png;base64,AAAA", own: true });
});

test("an image of another host waits for a click unless the settings name the host", () => {
  const src = "https://images.example.org/cat.png";
  expect(of(src)).toEqual({ kind: "linked", src, host: "images.example.org" });
  for (const hosts of [["*"], ["images.example.org"], ["*.example.org"]]) expect(of(src, hosts)).toEqual({ kind: "shown", src, own: false });
  for (const hosts of [["example.org"], ["*.images.example.org"], ["xample.org"], ["images.example.org:8443"]]) expect(of(src, hosts)?.kind).toBe("linked");
  expect(of("https://evil-example.org/", ["*.example.org"])?.kind).toBe("linked");
});

test("an image without https waits on a page with it, as browsers would refuse it there", () => {
  expect(of("http://images.example.org/cat.png", ["*"])?.kind).toBe("linked");
  expect(of("http://images.example.org/cat.png", ["*"], "http://localhost:6900/")?.kind).toBe("shown");
});

test("an address that is none of an image is said to be so, and none is nothing", () => {
  for (const given of ["s3://bucket/cat.png", "javascript:alert(1)", "data:text/html,<p>", "https://", "file:///etc/passwd"])
    expect(of(given)).toEqual({ kind: "unusable", given });
  for (const given of [undefined, null, 7, " ", ["a.png"]]) expect(of(given)).toBeNull();
});
