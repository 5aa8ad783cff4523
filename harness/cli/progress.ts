/** Progress on stderr: one line rewritten in place on a terminal, a line now and then elsewhere. */
export class Progress {
  private readonly started = performance.now();
  private last = 0;
  private open = false;

  constructor(
    private readonly quiet: boolean,
    private readonly stream: NodeJS.WriteStream = process.stderr,
  ) {}

  /** A line that stays. */
  say(line: string): void {
    if (this.quiet) return;
    this.endLine();
    this.stream.write(`${line}\n`);
  }

  /**
   * How far a phase is. `done` and `total` are in any one unit of work; the estimate of the time left comes from them.
   */
  update(phase: string, done: number, total: number, since: number): void {
    if (this.quiet) return;
    const now = performance.now();
    const every = this.stream.isTTY ? 100 : 5000;
    if (now - this.last < every && done < total) return;
    this.last = now;
    const share = total > 0 ? done / total : 1;
    const left = ((now - since) * (1 - share)) / share / 1000;
    const estimate = share > 0.03 && share < 1 ? `, about ${duration(left)} left` : "";
    const line = `${phase}  ${(100 * share).toFixed(0).padStart(3)} %  ${duration((now - since) / 1000)}${estimate}`;
    if (this.stream.isTTY) {
      this.stream.write(`\r\u001b[K${line.slice(0, (this.stream.columns ?? 100) - 1)}`);
      this.open = true;
    } else {
      this.stream.write(`${line}\n`);
    }
  }

  /** Seconds since the program began. */
  get seconds(): number {
    return (performance.now() - this.started) / 1000;
  }

  private endLine(): void {
    if (this.open) this.stream.write("\r\u001b[K");
    this.open = false;
  }
}

/** `8 s`, `2 min 05 s`. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
}
