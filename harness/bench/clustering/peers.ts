/** Other people's clusterings, run by goldens/reference/cluster_peers.py in a Python that has them. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { SpectroscopeError } from "../../../kernels/errors";
import { projectRoot } from "../../../runtime/node/root";
import type { BenchGraph } from "./catalogue";
import type { PointSet } from "./shapes";
import { writeGraph } from "./truth-graph";

export const GRAPH_PEERS = ["louvain", "leiden", "leiden converged", "label propagation", "infomap"] as const;
/** It sees the points, not the graph. */
export const POINT_PEER = "hdbscan";
/** Those that the tables of points show, on the graph of the points' neighbors. */
export const POINT_GRAPH_PEERS = ["leiden"] as const;
export type Peer = (typeof GRAPH_PEERS)[number] | typeof POINT_PEER;

/** What a peer said of a graph. */
export type PeerAnswer = { readonly labels: Int32Array; readonly seconds: number } | { readonly failure: string };

/** A line of the process: an error, or what was asked for. */
interface Reply {
  readonly error?: string;
  readonly seconds?: number;
  readonly datasets?: readonly { readonly name: string; readonly rows: number; readonly columns: number }[];
}

const REMEDY =
  "set SPECTROSCOPE_PYTHON to a Python with the packages of goldens/reference/requirements-cluster.txt, or leave out --peers";

/** A Python process that answers one request at a time. A request that takes longer than the limit ends it; the next starts another. */
export class Peers {
  versions: Record<string, string> = {};
  private readonly folder = mkdtempSync(join(tmpdir(), "spectroscope-peers-"));
  private child?: ChildProcessWithoutNullStreams;
  private lines?: Interface;
  private complaint = "";
  private written = "";

  /** @param limit seconds for one request */
  private constructor(
    private readonly python: string,
    private readonly limit: number,
  ) {}

  /** Throws SpectroscopeError where the Python or one of its packages is missing. */
  static async open(python: string | undefined, limit: number): Promise<Peers> {
    if (!python) throw new SpectroscopeError("--peers: no Python is named", { code: "usage", hint: REMEDY });
    const peers = new Peers(python, limit);
    try {
      await peers.start();
    } catch (error) {
      peers.close();
      throw error;
    }
    return peers;
  }

  /** Clusters a graph, or its points. The graph lies in the peer's own form before the clock starts. */
  async run(method: Peer, { name, graph, points }: BenchGraph, minSize: number, seed: number): Promise<PeerAnswer> {
    const path = join(this.folder, "graph");
    if (this.written !== name) {
      writeGraph(path, { n: graph.n, ends: graph.ends });
      if (points) writeFileSync(`${path}.points`, Float32Array.from(points.data));
      this.written = name;
      // The process keeps the last graph that it read from this path.
      this.stop();
    }
    const labels = join(this.folder, "labels");
    const request = {
      method,
      graph: `${path}.bin`,
      points: `${path}.points`,
      columns: points?.cols ?? 0,
      min_size: minSize,
      labels,
      seed,
    };
    const { error, seconds } = await this.ask(request);
    return error === undefined ? { labels: new Int32Array(bytesOf(labels)), seconds: seconds! } : { failure: error };
  }

  /** Small matrices of real things that its scikit-learn carries, with their classes. Throws SpectroscopeError. */
  async datasets(): Promise<PointSet[]> {
    const { folder } = this;
    const { error, datasets } = await this.ask({ method: "datasets", folder });
    if (error !== undefined) throw new SpectroscopeError(`${this.python}: ${error}`, { hint: REMEDY });
    return datasets!.map(({ name, rows, columns }) => ({
      name,
      parameters: { rows, columns, from: `scikit-learn ${this.versions["scikit-learn"]}` },
      make: () => ({
        points: { rows, cols: columns, data: new Float64Array(bytesOf(join(folder, `${name}.points`))) },
        truth: new Int32Array(bytesOf(join(folder, `${name}.truth`))),
      }),
    }));
  }

  close(): void {
    this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Answers one request, by a process that is started when there is none. */
  private async ask(request: object): Promise<Reply> {
    if (!this.child) await this.start();
    this.child!.stdin.write(`${JSON.stringify(request)}\n`);
    const line = await this.answer();
    if (line !== undefined) return JSON.parse(line);
    this.stop();
    return { error: `over ${this.limit} s` };
  }

  private async start(): Promise<void> {
    this.complaint = "";
    const script = join(projectRoot(), "goldens", "reference", "cluster_peers.py");
    const child = spawn(this.python, [script]);
    this.child = child;
    child.stderr.on("data", (text) => {
      this.complaint += text;
    });
    child.on("error", (error) => {
      this.complaint += error.message;
    });
    // What cannot be written any more is told of by the missing answer.
    child.stdin.on("error", () => {});
    this.lines = createInterface({ input: child.stdout });
    const first = await this.answer();
    if (first === undefined) throw new SpectroscopeError(`${this.python} did not start within ${this.limit} s`);
    this.versions = JSON.parse(first).versions;
  }

  private stop(): void {
    this.child?.kill("SIGKILL");
    this.child = undefined;
  }

  /** The next line, or nothing when the limit passed; throws when the process ended. */
  private answer(): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.lines!.off("line", given).off("close", ended);
      };
      const given = (line: string) => {
        settle();
        resolve(line);
      };
      const ended = () => {
        settle();
        this.child = undefined;
        const last = this.complaint.trim().split("\n").pop() ?? "";
        reject(new SpectroscopeError(`${this.python} ended: ${last}`, { hint: REMEDY }));
      };
      const timer = setTimeout(() => {
        settle();
        resolve(undefined);
      }, this.limit * 1000);
      this.lines!.on("line", given).on("close", ended);
    });
  }
}

/** A file's bytes in memory of their own, so that numbers of any width lie as they must. */
function bytesOf(path: string): ArrayBuffer {
  const bytes = readFileSync(path);
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}
