/** Builds dist/: AssemblyScript to WebAssembly, then TypeScript with WGSL as text to bundles for Node. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { generate, generated, KERNELS, put } from "./generate.mjs";
import { assemblySources, files, root } from "./sources.mjs";

export { root };

const SOURCES = ["kernels", "runtime", "models", "goldens", "harness"];

/** The modules in AssemblyScript: every kernel that plans call in one, and three that work on host arrays. */
const MODULES = {
  kernels: KERNELS,
  graph: join("kernels", "graph", "assembly", "index.ts"),
  knn: join("kernels", "knn", "assembly", "index.ts"),
  products: join("kernels", "products", "assembly", "index.ts"),
};

/** Every module is built twice from one source: WebAssembly tells shared memory from unshared in a module's import. */
const MEMORIES = ["single", "shared"];
const outFile = (name, memory) => join("dist", name, `${memory}.wasm`);

/** The result is put in place whole, for another build may be reading it. */
function assemble(name, memory) {
  const out = outFile(name, memory);
  mkdirSync(dirname(join(root, out)), { recursive: true });
  const asc = join(root, "node_modules", "assemblyscript", "bin", "asc.js");
  const entry = MODULES[name];
  const fresh = `${out}.${process.pid}`;
  const args = [asc, entry, "--config", "asconfig.json", "--target", memory, "--outFile", fresh];
  const run = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  if (run.status !== 0) throw new Error(`AssemblyScript, ${entry}, target ${memory}: ${run.stderr || run.stdout}`);
  renameSync(join(root, fresh), join(root, out));
}

/** Scripts of workers: what they begin with, and where the text lies that the bundles hold. A page can run them as Node can. */
const WORKERS = { "runtime/cluster/job-worker.ts": join("dist", "cluster", "worker.txt") };

async function bundleWorker(bundle, options, entry, out) {
  const built = await bundle({
    ...options,
    ...{ entryPoints: [entry], platform: "browser", target: "es2022", format: "iife", sourcemap: false },
    ...{ minifyWhitespace: true, minifySyntax: true, legalComments: "none", write: false },
  });
  put(join(root, out), built.outputFiles[0].text);
}

/** Every file that may be in a module. */
const sourcesOf = (name) =>
  name === "kernels"
    ? [...assemblySources(), ...generated()]
    : assemblySources().filter((file) => file.startsWith(join("kernels", name)));

/** Whether some source, or how sources are built, is newer than what was assembled. */
function stale(name, memory) {
  const built = join(root, outFile(name, memory));
  if (!existsSync(built)) return true;
  const made = statSync(built).mtimeMs;
  return ["asconfig.json", ...sourcesOf(name)].some((file) => statSync(join(root, file)).mtimeMs > made);
}

/**
 * Builds everything; `tests`: which test files to bundle, by parts of their paths (none: all; false: no tests). With some
 * named, only the test runner and those are built.
 */
export async function build({ tests = [] } = {}) {
  const { build: bundle } = await import("esbuild");
  const options = {
    absWorkingDir: root,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    packages: "external",
    sourcemap: "linked",
    outExtension: { ".js": ".mjs" },
    loader: { ".wgsl": "text", ".wasm": "binary" },
    logLevel: "warning",
  };
  await generate(bundle, options);
  for (const name of Object.keys(MODULES)) {
    for (const memory of MEMORIES) if (stale(name, memory)) assemble(name, memory);
  }
  for (const [entry, out] of Object.entries(WORKERS)) await bundleWorker(bundle, options, entry, out);
  const found = SOURCES.filter((folder) => tests && existsSync(join(root, folder)))
    .flatMap((folder) => [...files(folder)])
    .filter((file) => file.endsWith(".test.ts"))
    .filter((file) => tests.length === 0 || tests.some((part) => file.includes(part)));
  const mains = {
    spectroscope: "harness/cli/main.ts",
    test: "harness/test/run.ts",
    fuzz: "harness/fuzz/main.ts",
  };
  await bundle({
    ...options,
    entryPoints: Object.entries(mains)
      .filter(([out]) => out === "test" || !tests.length || found.some((file) => file.startsWith("harness/cli/")))
      .map(([out, input]) => ({ out, in: input })),
    outdir: "dist",
  });
  if (!tests) return;
  if (tests.length === 0) rmSync(join(root, "dist", "tests"), { recursive: true, force: true });
  await bundle({
    ...options,
    entryPoints: found.map((file) => ({
      out: relative(".", file)
        .replace(/\.test\.ts$/, "")
        .split(sep)
        .join("."),
      in: file,
    })),
    outdir: "dist/tests",
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await build().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
