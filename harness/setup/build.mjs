/** Builds dist/: AssemblyScript to WebAssembly, then TypeScript with WGSL as text to bundles for Node. */
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { described, SetupError, tell } from "./errors.mjs";
import { generate, generated, KERNELS } from "./generate.mjs";
import { locked } from "./lock.mjs";
import { run } from "./npm.mjs";
import { diskTime, finish, freshName, inFreshFolder, put, putChanged } from "./put.mjs";
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

/** The result is put in place whole, for another build may be reading it; `time`: that of what it is made from. */
async function assemble(name, memory, time) {
  const out = outFile(name, memory);
  mkdirSync(dirname(join(root, out)), { recursive: true });
  const asc = join(root, "node_modules", "assemblyscript", "bin", "asc.js");
  const entry = MODULES[name];
  const fresh = freshName(out);
  const args = [asc, entry, "--config", "asconfig.json", "--target", memory, "--outFile", fresh];
  try {
    const { status, stdout, stderr } = await run(process.execPath, args, { cwd: root });
    if (status !== 0)
      throw new SetupError(`AssemblyScript, ${entry}, target ${memory}: ${stderr || stdout}`, "build-failed");
    finish(join(root, fresh), join(root, out), time);
  } finally {
    rmSync(join(root, fresh), { force: true });
  }
}

/** Scripts of workers: what they begin with, and where the text lies that the bundles hold. A page can run them as Node can. */
const WORKERS = { "runtime/cluster/job-worker.ts": join("dist", "cluster", "worker.txt") };

async function bundleWorker(bundle, options, entry, out) {
  const built = await bundle({
    ...options,
    ...{ entryPoints: [entry], platform: "browser", target: "es2022", format: "iife", sourcemap: false },
    ...{ minifyWhitespace: true, minifySyntax: true, legalComments: "none", write: false },
  });
  putChanged(join(root, out), built.outputFiles[0].text);
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
 * named, only the test runner and those are built; `fuzz`: the fuzzer too.
 */
export async function build({ tests = [], fuzz = false } = {}) {
  const began = diskTime(join(root, "dist"));
  const bundle = await bundler();
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
  // The generated sources are as new as this.
  const generatedAt = diskTime(join(root, "dist"));
  for (const name of Object.keys(MODULES)) {
    for (const memory of MEMORIES) if (stale(name, memory)) await assemble(name, memory, generatedAt);
  }
  for (const [entry, out] of Object.entries(WORKERS)) await bundleWorker(bundle, options, entry, out);
  const found = SOURCES.filter((folder) => tests && existsSync(join(root, folder)))
    .flatMap((folder) => [...files(folder)])
    .filter((file) => file.endsWith(".test.ts"))
    .filter((file) => tests.length === 0 || tests.some((part) => file.includes(part)));
  const mains = {
    spectroscope: "harness/cli/main.ts",
    test: "harness/test/run.ts",
    ...(fuzz ? { fuzz: "harness/fuzz/main.ts" } : {}),
  };
  const { outputFiles } = await bundle({
    ...options,
    entryPoints: Object.entries(mains)
      .filter(([out]) => out === "test" || !tests.length || found.some((file) => file.startsWith("harness/cli/")))
      .map(([out, input]) => ({ out, in: input })),
    outdir: "dist",
    write: false,
  });
  // A map before what names it; every file whole, for a start may be reading it.
  for (const { path, contents } of outputFiles.sort((a, b) => (a.path < b.path ? 1 : -1))) put(path, contents, began);
  if (tests) await bundleTests(bundle, options, found, tests.length === 0);
}

/** Bundles of test files, each put in place whole; with `all`, those whose sources are gone go too. */
async function bundleTests(bundle, options, found, all) {
  const nameOf = (file) =>
    relative(".", file)
      .replace(/\.test\.ts$/, "")
      .split(sep)
      .join(".");
  const entryPoints = found.map((file) => ({ out: nameOf(file), in: file }));
  const place = join(root, "dist", "tests");
  mkdirSync(place, { recursive: true });
  await inFreshFolder(join(root, "dist"), async (folder) => {
    // As deep as dist/tests, so that the paths in the maps stay right.
    await bundle({ ...options, entryPoints, outdir: folder });
    const fresh = readdirSync(folder);
    for (const name of fresh.sort().reverse()) finish(join(folder, name), join(place, name));
    if (all)
      for (const name of readdirSync(place)) if (!fresh.includes(name)) rmSync(join(place, name), { recursive: true });
  });
}

/** esbuild's `build`, whose errors are on the screen already and need no stack. */
async function bundler() {
  const { build: bundle } = await import("esbuild");
  return (options) =>
    bundle(options).catch((error) => {
      const [first] = error.errors ?? [];
      if (!first) throw error;
      const { file = "?", line = 0 } = first.location ?? {};
      throw new SetupError(`the build failed: ${file}:${line}: ${first.text}`, "build-failed", error);
    });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await locked(root, () => build()).catch((error) => tell(described(error, root), process.argv.slice(2)));
}
