/**
 * Times that journeys and unit tests wait on this machine. None asserts that something is fast: whatever is waited for is given up
 * after a time that no healthy run needs, which grows with how slowly the machine computes and how busy it is.
 *
 * Measured once; the workers are told. The tests in Python do the same, in tests/patience.py.
 */

import { availableParallelism, loadavg } from "node:os";

const VARIABLE = "PATIENCE_FACTOR";
const USUAL_MS = 60;
const MOST = 40;

/** Time that a loop takes by the clock on the wall, against an ordinary machine with nothing else to do. */
function pace(): number {
  const began = performance.now();
  let sum = 0;
  for (let each = 0; each < 60_000_000; each++) sum = (sum + each) & 0xffff;
  return (performance.now() - began + (sum < 0 ? 1 : 0)) / USUAL_MS;
}

function measured(): number {
  const slow = Math.max(pace(), (loadavg()[0] ?? 0) / availableParallelism());
  const factor = slow > 1.2 ? Math.min(MOST, 2 * slow) : 1;
  if (factor > 1) process.stderr.write(`This machine is slow or busy: tests wait ${factor.toFixed(1)} times as long as usual.\n`);
  return factor;
}

/** So many milliseconds on an ordinary machine with nothing else to do. */
export function patience(milliseconds: number): number {
  const factor = Number((process.env[VARIABLE] ??= String(measured())));
  return Math.round(milliseconds * factor);
}
