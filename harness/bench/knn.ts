/** Exact neighbors against scikit-learn's brute force: one run, interleaved, medians. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { SpectroscopeError } from "../../kernels/errors";
import { exactNeighbors } from "../../runtime/cluster/neighbors/exact";
import { projectRoot } from "../../runtime/node/root";
import { defaultThreads } from "../../runtime/threads/threads";
import { seededRandom } from "../test/random";

export interface KnnBench {
  readonly rows: number;
  readonly cols: number;
  readonly k: number;
  readonly threads: number;
  /** Median seconds of our search, with its memory and workers, over `rounds`. */
  readonly seconds: number;
  readonly oneThread: number;
  readonly rounds: number;
  /** scikit-learn's, when a Python with it is named. */
  readonly peer?: {
    readonly name: string;
    readonly seconds: number;
    readonly ratio: number;
    readonly sameIds: boolean;
  };
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];

/**
 * Times exact kNN of standard normal points in f64. With `python`, scikit-learn's `NearestNeighbors(algorithm="brute")` with
 * its default threads takes turns with ours. Throws SpectroscopeError when that Python has no scikit-learn.
 */
export async function benchNeighbors(
  options: { rows?: number; cols?: number; k?: number; rounds?: number; python?: string } = {},
): Promise<KnnBench> {
  const { rows = 20_000, cols = 40, k = 15, rounds = 5, python } = options;
  const random = seededRandom(1);
  const points = { rows, cols, data: Float64Array.from({ length: rows * cols }, () => random.normal()) };
  const threads = defaultThreads();
  const peer = python ? await openPeer(python, points, k) : undefined;
  const ours: number[] = [];
  const single: number[] = [];
  const theirs: number[] = [];
  let sum = 0;
  const timed = async (count: number) => {
    const start = performance.now();
    const ids = await exactNeighbors(points, k, { threads: count });
    sum = ids.reduce((a, b) => a + b, 0);
    return (performance.now() - start) / 1000;
  };
  try {
    // One round that does not count: compilation, and threads of the peer that are made at its first call.
    for (let round = -1; round < rounds; round++) {
      const times = [await timed(threads), await timed(1), (await peer?.search()) ?? 0];
      if (round < 0) continue;
      ours.push(times[0]);
      single.push(times[1]);
      theirs.push(times[2]);
    }
    const seconds = median(ours);
    const base = { rows, cols, k, threads, seconds, oneThread: median(single), rounds };
    if (!peer) return base;
    const peerSum = await peer.finish();
    const peerSeconds = median(theirs);
    const name = `scikit-learn ${peer.version}, brute`;
    return {
      ...base,
      peer: { name, seconds: peerSeconds, ratio: peerSeconds / seconds, sameIds: peerSum === (rounds + 1) * sum },
    };
  } finally {
    peer?.stop();
  }
}

/** The Python side: it gets the points once, then searches whenever asked. */
async function openPeer(python: string, points: { rows: number; cols: number; data: Float64Array }, k: number) {
  const script = join(projectRoot(), "goldens", "reference", "knn_peer.py");
  const child = spawn(python, [script, String(points.rows), String(points.cols), String(k)]);
  let complaint = "";
  child.stderr.on("data", (text) => {
    complaint += text;
  });
  // What cannot be written any more is told of by the missing answer.
  child.stdin.on("error", () => {});
  child.on("error", (error) => {
    complaint += error.message;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (!done) return value as string;
    throw new SpectroscopeError(`${python} ${script} ended: ${complaint.trim().split("\n").pop() ?? ""}`, {
      hint: "name a Python that has scikit-learn, see goldens/reference/requirements-cluster.txt",
    });
  };
  child.stdin.write(new Uint8Array(points.data.buffer, points.data.byteOffset, points.data.byteLength));
  const version = await next();
  return {
    version,
    async search() {
      child.stdin.write("\n");
      return Number(await next());
    },
    async finish() {
      child.stdin.end();
      return Number(await next());
    },
    stop: () => child.kill(),
  };
}
