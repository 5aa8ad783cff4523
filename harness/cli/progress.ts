import { escapeControls, escapeLines } from "../../kernels/escape";
import { byteCount } from "../../models/hub/bytes";
import type { ModelEvent } from "../../models/hub/open";

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
    this.stream.write(`${escapeLines(line)}\n`);
  }

  /**
   * How far a phase is. `done` and `total` are in any one unit of work; the estimate of the time left comes from them.
   */
  update(phase: string, done: number, total: number, since: number): void {
    if (!this.due(done >= total)) return;
    const seconds = (performance.now() - since) / 1000;
    const share = total > 0 ? done / total : 1;
    const estimate = share > 0.03 && share < 1 ? remaining((seconds * (1 - share)) / share) : "";
    this.show(`${phase}  ${percent(share)}  ${duration(seconds)}${estimate}`);
  }

  /**
   * How far a transfer is, in bytes, with its rate; `before` bytes of `done` were there when it began and cost no time.
   */
  transfer(phase: string, done: number, total: number, before: number, since: number): void {
    if (!this.due(done >= total)) return;
    const seconds = (performance.now() - since) / 1000;
    const rate = seconds > 0 ? (done - before) / seconds : 0;
    const share = total > 0 ? Math.min(1, done / total) : 1;
    const cells = Math.round(20 * share);
    const estimate = rate > 0 && done < total && seconds > 1 ? remaining((total - done) / rate) : "";
    const amount = `${byteCount(done)} of ${byteCount(total)}`;
    const bar = this.stream.isTTY ? `[${"#".repeat(cells)}${" ".repeat(20 - cells)}] ` : "";
    this.show(`${phase}  ${bar}${percent(share)}  ${amount}, ${byteCount(rate)}/s${estimate}`);
  }

  /** Whether it is time for another line; the last one of a phase always is. */
  private due(last: boolean): boolean {
    if (this.quiet) return false;
    const now = performance.now();
    if (now - this.last < (this.stream.isTTY ? 100 : 5000) && !last) return false;
    this.last = now;
    return true;
  }

  private show(text: string): void {
    const line = escapeControls(text);
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

const percent = (share: number) => `${(100 * share).toFixed(0).padStart(3)} %`;
const remaining = (seconds: number) => `, about ${duration(seconds)} left`;

/** `8 s`, `2 min 05 s`. */
export function duration(seconds: number): string {
  const s = Math.round(seconds);
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
}

/** Shows what is told while a model is fetched. */
export function showFetching(progress: Progress): (event: ModelEvent) => void {
  // From the first byte on, so that the questions before it do not lower the rate.
  const since = new Map<string, number>();
  return (event) => {
    if (event.kind === "say") return progress.say(event.text);
    const { name, done, total, before } = event;
    const start = since.get(name) ?? performance.now();
    since.set(name, start);
    progress.transfer(name, done, total, before, start);
  };
}
