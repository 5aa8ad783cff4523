/**
 * What `npm start`, `npm test`, `npm run bench` and `npm run fuzz` run: everything a fresh clone lacks is set up first (dependencies,
 * build and, for what cannot do without WebGPU, a software adapter where there is no GPU), then the job.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensureAdapter } from "./adapter.mjs";
import { described, tell } from "./errors.mjs";
import { setUp } from "./set-up.mjs";
import { root } from "./sources.mjs";

const [job, ...args] = process.argv.slice(2);

/** Parts of test files' paths among the arguments of `npm test`: not its options, nor the pattern of `--grep`. */
const partsOf = (given) => given.filter((arg, at) => !arg.startsWith("--") && given[at - 1] !== "--grep");

/** Tests and benches hold WebGPU kernels to the truth; everything else computes on the processor where there is no GPU. */
function needsWebGpu(name, options) {
  const at = options.indexOf("--adapter");
  const wanted = at < 0 ? process.env.SPECTROSCOPE_ADAPTER : options[at + 1];
  return name === "test" || name === "bench" || wanted === "gpu" || wanted === "software";
}

/** Runs the job and waits for it; Ctrl-C is the job's to answer, so that two never write one run directory. */
function run(file, parameters) {
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  const child = spawn(process.execPath, [join(root, "dist", file), ...parameters], { stdio: "inherit" });
  return new Promise((done) => {
    child.on("exit", (code) => done(code ?? 1));
  });
}

try {
  await setUp({ tests: job === "test" && partsOf(args), fuzz: job === "fuzz" });
  if (needsWebGpu(job, args)) await ensureAdapter();
  process.exitCode = await (job === "test" || job === "fuzz"
    ? run(`${job}.mjs`, args)
    : run("spectroscope.mjs", [job, ...args].filter(Boolean)));
} catch (error) {
  tell(described(error, root), args);
}
