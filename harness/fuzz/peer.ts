/** Another program that reads the same bytes: NumPy, safetensors, zarr and Python's own modules, in one process. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { projectRoot } from "../../runtime/node/root";
import type { Accepted, Find } from "./worker";

interface Answer {
  readonly id: number;
  /** What it read; absent where it refuses. */
  readonly facts?: unknown;
  readonly refusal?: string;
}

export class Peer {
  /** Inputs that it read as we do; read otherwise; refused, by its reason. */
  agreed = 0;
  readonly differing: Find[] = [];
  readonly refused = new Map<string, { count: number; example: Accepted }>();
  private readonly waiting = new Map<number, (answer: Answer) => void>();
  private count = 0;
  private ended: string | undefined;

  private constructor(
    private readonly child: ChildProcess,
    /** Readers that this Python has, with the versions of what they read by. */
    readonly kinds: Readonly<Record<string, string>>,
    private readonly seed: number,
  ) {}

  /** @throws Error where the program cannot be started */
  static async start(python: string, seed: number): Promise<Peer> {
    const child = spawn(python, [join(projectRoot(), "harness", "fuzz", "peer.py")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const failed = new Promise<never>((_, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => reject(new Error(`${python} ended with code ${code}`)));
    });
    failed.catch(() => {});
    const first = await Promise.race([lines.next(), failed]);
    const peer = new Peer(child, JSON.parse(String(first.value)), seed);
    void peer.listen(lines);
    return peer;
  }

  private async listen(lines: AsyncIterator<string>): Promise<void> {
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      const answer: Answer = JSON.parse(line.value);
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
    }
    this.ended = "it ended";
    for (const [id, resolve] of this.waiting) resolve({ id, refusal: "the reader ended" });
  }

  /** Asks for accepted inputs to be read, and holds what comes against ours. */
  async compare(samples: readonly Accepted[]): Promise<void> {
    await Promise.all(
      samples.map(async (sample) => {
        if (!(sample.kind in this.kinds) || this.ended) return;
        const id = this.count++;
        const answer = await new Promise<Answer>((resolve) => {
          this.waiting.set(id, resolve);
          this.child.stdin!.write(`${JSON.stringify({ id, kind: sample.kind, input: sample.input })}\n`);
        });
        this.judge(sample, answer);
      }),
    );
  }

  private judge(sample: Accepted, { facts, refusal }: Answer): void {
    if (refusal !== undefined) {
      const reason = `${sample.target}: ${refusal.replace(/\d+(\.\d+)?/g, "#").slice(0, 100)}`;
      const { count, example } = this.refused.get(reason) ?? { count: 0, example: sample };
      this.refused.set(reason, { count: count + 1, example });
      return;
    }
    // As JSON has it: no undefined, and -0 as 0.
    if (isDeepStrictEqual(JSON.parse(JSON.stringify(sample.facts)), facts)) {
      this.agreed++;
      return;
    }
    const detail = `we read ${JSON.stringify(sample.facts).slice(0, 400)}, Python ${JSON.stringify(facts).slice(0, 400)}`;
    const { target, index, input } = sample;
    this.differing.push({
      target,
      seed: this.seed,
      index,
      fault: { kind: "value", detail, signature: `peer ${target}` },
      input,
    });
  }

  stop(): void {
    this.child.removeAllListeners();
    this.child.stdin!.end();
  }
}
