/** A real server on throw-away data for each worker: no journey meets what another left behind, and a second try starts clean. */

import { spawn } from "node:child_process";
import { once } from "node:events";

import { patience } from "./patience";

const FIRST = Number(process.env["APPORTION_E2E_PORT"] ?? 6987);

/** Port of the nth server of this worker. */
export function portOf(nth: 0 | 1): number {
  return FIRST + 2 * Number(process.env["TEST_PARALLEL_INDEX"] ?? 0) + nth;
}

export interface Serving {
  readonly url: string;
  /** Output before it was up: an empty server its code. */
  readonly output: string;
  stop: () => Promise<void>;
}

export async function serve(port: number, ...how: readonly string[]): Promise<Serving> {
  const url = `http://localhost:${String(port)}`;
  const python = process.env["APPORTION_PYTHON"] ?? "../.venv/bin/python";
  const server = spawn(python, ["e2e/serve.py", String(port), ...how], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  server.stdout.on("data", (part: Buffer) => { output += part.toString(); });
  const up = async () => fetch(`${url}/api/health`).then((reply) => reply.ok, () => false);
  const until = Date.now() + patience(60_000);
  while (!(await up())) {
    if (server.exitCode !== null || Date.now() > until) throw new Error(`No server on ${url}. ${output}`);
    await new Promise((done) => setTimeout(done, 100));
  }
  return {
    url,
    output: output.trim(),
    stop: async () => {
      if (server.exitCode !== null) return;
      server.kill("SIGTERM");
      const late = setTimeout(() => server.kill("SIGKILL"), patience(5_000));
      await once(server, "exit");
      clearTimeout(late);
    },
  };
}
