/** Breaks the rules of React on purpose, a line each: oxlint has to refuse it. */

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, it } from "vitest";

const BROKEN = {
  "error-boundaries": "function A() { try { return <B />; } catch { return null; } }",
  "exhaustive-deps": "function A({ n }) { useEffect(() => { document.title = n; }, []); return null; }",
  globals: "let all = 0; function A() { all = all + 1; return <p>{all}</p>; }",
  immutability: "function A() { const [x] = useState({ n: 1 }); x.n = 2; return <p>{x.n}</p>; }",
  purity: "function A() { return <p>{Math.random()}</p>; }",
  refs: "function A() { const ref = useRef(0); return <p>{ref.current}</p>; }",
  "rules-of-hooks": "function A({ n }) { if (n) useState(1); return null; }",
  "set-state-in-effect": "function A({ n }) { const [x, set] = useState(0); useEffect(() => { set(n); }, [n]); return <p>{x}</p>; }",
  "set-state-in-render": "function A() { const [x, set] = useState(0); set(x + 1); return <p>{x}</p>; }",
  "static-components": "function A({ n }) { const B = () => <b>{n}</b>; return <B />; }",
};
const folder = mkdtempSync(join(tmpdir(), "broken-"));
let output = "";

beforeAll(async () => {
  const imports = 'import { useEffect, useRef, useState } from "react";\n';
  for (const [rule, line] of Object.entries(BROKEN)) writeFileSync(join(folder, `${rule}.tsx`), `${imports}export ${line.replace("; function", "; export function")}\n`);
  output = await new Promise((done) => {
    execFile("node_modules/.bin/oxlint", ["--config", ".oxlintrc.json", "--format", "unix", folder], (_, printed) => { done(printed); });
  });
});

afterAll(() => { rmSync(folder, { recursive: true }); });

it.each(Object.keys(BROKEN))("%s", (rule) => {
  expect(output.split("\n").filter((line) => line.includes(`${rule}.tsx`) && line.includes(`(${rule})`))).toHaveLength(1);
});
