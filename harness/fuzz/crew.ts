/** Workers that are given batches; one that hangs or dies is replaced, and the input that did it is found. */
import { type ChildProcess, fork } from "node:child_process";
import { type Batch, type Find, faultKey, type Tally, type Told } from "./worker";

/** Seconds after which a batch, or an input of one that is gone through carefully, counts as hung. */
const BATCH_SECONDS = 120;
const INPUT_SECONDS = 20;
const HEAP_MIB = 512;

type Ended = { readonly how: string; readonly at?: number };

class Worker {
  private child: ChildProcess | undefined;

  constructor(private readonly script: string) {}

  private start(): ChildProcess {
    const execArgv = [`--max-old-space-size=${HEAP_MIB}`, "--expose-gc"];
    const child = fork(this.script, ["--worker"], { execArgv, stdio: ["ignore", "ignore", "ignore", "ipc"] });
    this.child = child;
    return child;
  }

  /** What came of a batch, or how its process ended. */
  run(batch: Batch): Promise<Tally | Ended> {
    const child = this.child ?? this.start();
    const patience = 1000 * (batch.careful ? INPUT_SECONDS : BATCH_SECONDS);
    return new Promise((resolve) => {
      let at: number | undefined;
      const end = (result: Tally | Ended) => {
        clearTimeout(timer);
        child.removeAllListeners();
        resolve(result);
      };
      const lost = (how: string) => {
        this.child = undefined;
        child.kill("SIGKILL");
        end({ how, at });
      };
      const late = () => lost(`no answer for ${patience / 1000} s`);
      let timer = setTimeout(late, patience);
      child.on("message", (told: Told) => {
        if ("done" in told) return end(told.done);
        at = told.at;
        clearTimeout(timer);
        timer = setTimeout(late, patience);
      });
      child.on("exit", (code, signal) => lost(`the process ended with ${signal ?? `code ${code}`}`));
      child.send(batch);
    });
  }

  stop(): void {
    this.child?.disconnect();
    this.child?.kill();
  }
}

const isEnded = (result: Tally | Ended): result is Ended => "how" in result;

/** The finds of a batch that ended its process, gone through input by input until the one that does it. */
async function culprit(worker: Worker, batch: Batch, how: string): Promise<{ find: Find; next: number }> {
  const again = await worker.run({ ...batch, careful: true, sample: 0 });
  const ended = isEnded(again) ? again : { how: `${how}, and not again`, at: batch.from };
  const index = ended.at ?? batch.from;
  const fault = { kind: "ended" as const, detail: ended.how, signature: ended.how };
  return {
    find: { target: batch.target, seed: batch.seed, index, fault, input: {} },
    next: isEnded(again) ? index + 1 : batch.to,
  };
}

/**
 * Gives the batches that `next` makes to `count` workers until there is none, and each one's tally to `take`.
 * @param script what a worker runs, with `--worker`
 */
export async function runCrew(
  script: string,
  count: number,
  next: () => Batch | undefined,
  take: (batch: Batch, tally: Tally) => void | Promise<void>,
): Promise<void> {
  const one = async () => {
    const worker = new Worker(script);
    for (let batch = next(); batch; batch = next()) {
      for (let rest: Batch = batch; rest.from < rest.to; ) {
        const result = await worker.run(rest);
        if (!isEnded(result)) {
          await take(rest, result);
          break;
        }
        const { find, next: from } = await culprit(worker, rest, result.how);
        const none = { sound: 0, accepted: 0, seconds: 0, slowest: 0, largest: 0, samples: [], refusals: {} };
        const faults = { [faultKey(find.target, find.fault)]: 1 };
        await take(rest, { ...none, inputs: from - rest.from, finds: [find], faults });
        rest = { ...rest, from };
      }
    }
    worker.stop();
  };
  await Promise.all(Array.from({ length: count }, one));
}
