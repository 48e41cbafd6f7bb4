/** Time that each record was looked at. Time with the page hidden does not count. */

export class Stopwatch {
  /** Tells the counts of this stopwatch from those of another visit. */
  readonly visit = `${String(Date.now())}-${String(Math.random()).slice(2)}`;
  private readonly spent = new Map<string, number>();
  private current: string | null = null;
  private since: number | null = null;

  constructor(private readonly clock: () => number = Date.now) {}

  /** This record is in front now; null: none is. */
  front(id: string | null): void {
    this.pause();
    this.current = id;
    this.resume();
  }

  pause(): void {
    if (this.current !== null && this.since !== null) this.spent.set(this.current, this.milliseconds(this.current));
    this.since = null;
  }

  resume(): void {
    this.since ??= this.clock();
  }

  /** Seconds so far, to a tenth. */
  secondsOf(id: string): number {
    return Math.round(this.milliseconds(id) / 100) / 10;
  }

  private milliseconds(id: string): number {
    const running = id === this.current && this.since !== null ? this.clock() - this.since : 0;
    return (this.spent.get(id) ?? 0) + running;
  }
}
