/** Threads as Node has them. Programs of Node call `useNodeThreads` before they compute; opening a device does so too. */
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { SpectroscopeError } from "../../kernels/errors";
import { useThreads } from "../threads/platform";
import { checkThreads } from "../threads/threads";

/** Tells which thread of the system it is, where Linux says so, and gives a worker's script the names of a browser's worker. */
const PRELUDE = `
const { parentPort, workerData } = require("node:worker_threads");
try { workerData[0] = Number(require("node:fs").readlinkSync("/proc/thread-self").split("/").at(-1)); } catch {}
const self = { postMessage: (m) => parentPort.postMessage(m), set onmessage(hear) { parentPort.on("message", (data) => hear({ data })); } };
`;

/** The number of `SPECTROSCOPE_THREADS`, else the cores that this process may use. @throws SpectroscopeError (usage) */
function cores(): number {
  const wanted = process.env.SPECTROSCOPE_THREADS;
  if (wanted === undefined || wanted === "") return availableParallelism();
  if (!/^\d+$/.test(wanted.trim()))
    throw new SpectroscopeError(`SPECTROSCOPE_THREADS = "${wanted}" is no number of threads`, {
      code: "usage",
      hint: "give an integer in 1 .. 256",
    });
  return checkThreads(Number(wanted), "SPECTROSCOPE_THREADS");
}

/** Lets kernels on the host run on Node's worker threads. */
export function useNodeThreads(): void {
  useThreads({
    shares: () => true,
    cores,
    mayBlock: true,
    starts: () => true,
    start(source, hear, died) {
      // No options of this process: one of them could turn the source into a module, which has no `require`.
      const id = new Int32Array(new SharedArrayBuffer(4));
      const worker = new Worker(PRELUDE + source, { eval: true, execArgv: [], workerData: id });
      worker.on("message", hear);
      worker.on("error", (error) => died(error.message, error));
      worker.on("exit", (code) => died(`it ended with status ${code}`));
      return {
        post: (message) => worker.postMessage(message),
        hold: (on) => (on ? worker.ref() : worker.unref()),
        async stop() {
          await worker.terminate();
        },
        runs: () => id[0] === 0 || existsSync(`/proc/self/task/${id[0]}`),
      };
    },
  });
}
