/** PyTorch on the CPU, in a Python of its own: an outside line, not a peer on the adapter. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { SpectroscopeError } from "../../../kernels/errors";
import { projectRoot } from "../../../runtime/node/root";
import type { Implementation } from "./implementation";

/**
 * Starts Python with so many threads of PyTorch; `all` takes what PyTorch takes by itself. Throws SpectroscopeError when that
 * Python has no torch and numpy.
 */
export async function torch(python: string, threads: 1 | "all"): Promise<Implementation> {
  const script = join(projectRoot(), "harness", "bench", "peers", "torch_peer.py");
  const child = spawn(python, [script], { stdio: ["pipe", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (text) => {
    complaint += text;
  });
  child.stdin.on("error", () => {});
  child.on("error", (error) => {
    complaint += error.message;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<Record<string, unknown>> => {
    const { value, done } = await lines.next();
    if (!done) return JSON.parse(value);
    throw new SpectroscopeError(`${python} ${script} ended: ${complaint.trim().split("\n").pop() ?? ""}`, {
      hint: "SPECTROSCOPE_PYTHON must name a Python that has torch and numpy",
    });
  };
  const ask = (order: object) => {
    child.stdin.write(`${JSON.stringify(order)}\n`);
    return next();
  };
  const hello = await next();
  const count = threads === "all" ? (hello.threads as number) : threads;
  const folder = mkdtempSync(join(tmpdir(), "spectroscope-torch-"));
  return {
    name: `torch ${count} thread${count > 1 ? "s" : ""}`,
    version: hello.version as string,
    where: "cpu",
    async prepare({ kind, gradient, dims, inputs }) {
      const files: Record<string, string> = {};
      for (const [name, data] of Object.entries(inputs)) {
        files[name] = join(folder, `${name}.in`);
        writeFileSync(files[name], new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }
      const { outputs } = await ask({ prepare: { kind, gradient, dims, inputs: files, folder, threads: count } });
      return {
        async run(times) {
          await ask({ run: times });
        },
        async read() {
          const results: Record<string, Float32Array> = {};
          for (const [name, file] of Object.entries(outputs as Record<string, string>)) {
            results[name] = new Float32Array(Uint8Array.from(readFileSync(file)).buffer);
          }
          return results;
        },
        close: () => {},
      };
    },
    async close() {
      child.stdin.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
