/**
 * Bundles of tests with all mutants in them, in a folder that looks to them like the project: what they read of it is linked,
 * what the build makes is their own.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { type BuildOptions, build, type Plugin } from "esbuild";
import { ACTIVE, HIT, type Mutant, mutate, NUMBERS_PER_FILE, SEEN } from "./mutants";

/** Names of variables of the environment: the mutant that lives, and the file of sites that were come to. */
export const [MUTANT_VARIABLE, SITES_VARIABLE] = ["SPECTROSCOPE_MUTANT", "SPECTROSCOPE_MUTATION_SITES"];

/** How sources are put into bundles: with mutants to choose from, or with a watch on which of them would be come to. */
export type Form = "switched" | "watched";

export interface MutatedSources {
  readonly mutants: readonly Mutant[];
  /** By path from the root. */
  readonly texts: ReadonlyMap<string, Readonly<Record<Form, string>>>;
}

/** Mutates the sources in some folders, but `not` some files; what draws is told by `draws`. */
export function mutateSources(
  root: string,
  folders: readonly string[],
  { not = [], draws = () => false }: { not?: readonly string[]; draws?: (file: string) => boolean } = {},
): MutatedSources {
  const files = folders.flatMap((folder) => [...sourcesIn(root, folder)]).filter((file) => !not.includes(file));
  if (files.length > MOST_FILES) throw new Error(`${files.length} sources, more than can be mutated at once`);
  const mutants: Mutant[] = [];
  const texts = new Map<string, Record<Form, string>>();
  for (const [i, file] of files.entries()) {
    const made = mutate(file, readFileSync(join(root, file), "utf8"), i * NUMBERS_PER_FILE, draws(file));
    mutants.push(...made.mutants);
    texts.set(file, made);
  }
  return { mutants, texts };
}

function* sourcesIn(root: string, folder: string): Generator<string> {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* sourcesIn(root, path);
    else if (entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts")) yield path;
  }
}

/** Sources that may be mutated at once. */
const MOST_FILES = 400;

/** What stands before a bundle. A worker's script has `require`; both have the environment of the process. */
function banner(form: Form, worker: boolean): string {
  if (form === "switched") return `const ${ACTIVE} = Number(process.env.${MUTANT_VARIABLE} ?? -1);`;
  const append = worker
    ? 'const { appendFileSync: __append } = require("node:fs");'
    : 'import { appendFileSync as __append } from "node:fs";';
  // Written at once, for a worker or a process may be ended at any time.
  return `${append} const ${SEEN} = new Uint8Array(${MOST_FILES * NUMBERS_PER_FILE}); const ${HIT} = (site) => { ${SEEN}[site] = 1; if (process.env.${SITES_VARIABLE}) __append(process.env.${SITES_VARIABLE}, site + "\\n"); };`;
}

function plugin(root: string, texts: MutatedSources["texts"], form: Form, worker: string | undefined): Plugin {
  return {
    name: "mutants",
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const text = texts.get(relative(root, path).split(sep).join("/"));
        return text && { contents: text[form], loader: "ts" };
      });
      onLoad({ filter: /cluster[\\/]worker\.txt$/ }, () =>
        worker === undefined ? undefined : { contents: worker, loader: "text" },
      );
    },
  };
}

/** A folder with test bundles of one form. */
export interface Bundles {
  /** Bundle of a test file. */
  readonly of: (test: string) => string;
  /** Sources in it that have mutants, by test file; the program counts where a test starts it. */
  readonly sources: ReadonlyMap<string, readonly string[]>;
}

/** The script of workers that bundles hold as text. */
const WORKER = "runtime/cluster/job-worker.ts";
const PROGRAM = "harness/cli/main.ts";

/** Builds the bundles of some test files, and the program that tests start, into `folder`. */
export async function bundleTests(
  root: string,
  folder: string,
  { texts }: MutatedSources,
  tests: readonly string[],
  form: Form,
): Promise<Bundles> {
  const base: BuildOptions = {
    ...{ absWorkingDir: root, bundle: true, logLevel: "warning", legalComments: "none" },
    loader: { ".wgsl": "text", ".wasm": "binary" },
  };
  let worker: string | undefined;
  if (existsSync(join(root, WORKER))) {
    const { outputFiles } = await build({
      ...base,
      ...{ entryPoints: [WORKER], platform: "browser", target: "es2022", format: "iife", write: false },
      ...{ plugins: [plugin(root, texts, form, undefined)], banner: { js: banner(form, true) } },
    });
    worker = outputFiles?.[0].text;
  }
  likeProject(root, folder);
  const out = join(folder, "dist");
  const program = existsSync(join(root, PROGRAM)) ? [{ in: PROGRAM, out: "spectroscope" }] : [];
  const { metafile } = await build({
    ...base,
    ...{ platform: "node", target: "node20", format: "esm", packages: "external", metafile: true },
    ...{ outExtension: { ".js": ".mjs" } },
    ...{ plugins: [plugin(root, texts, form, worker)], banner: { js: banner(form, false) } },
    entryPoints: [...program, ...tests.map((test) => ({ in: test, out: join("tests", bundleName(test)) }))],
    outdir: out,
  });
  const sources = new Map<string, readonly string[]>();
  for (const { entryPoint, inputs } of Object.values(metafile?.outputs ?? {})) {
    if (entryPoint)
      sources.set(
        entryPoint,
        Object.keys(inputs).filter((file) => texts.has(file)),
      );
  }
  return { of: (test) => join(out, "tests", `${bundleName(test)}.mjs`), sources };
}

const bundleName = (test: string) => test.replace(/\.test\.ts$/, "").replaceAll("/", ".");

/** A folder whose entries are those of the project, but for `dist`, whose bundles are to be made anew. */
function likeProject(root: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "dist"), { recursive: true });
  for (const name of readdirSync(root)) {
    if (name === "package.json") cpSync(join(root, name), join(folder, name));
    else if (name !== "dist" && name !== ".git") symlinkSync(join(root, name), join(folder, name));
  }
  if (!existsSync(join(root, "dist"))) return;
  const own = new Set(["tests", "spectroscope.mjs", "mutation"]);
  for (const name of readdirSync(join(root, "dist"))) {
    if (!own.has(name)) symlinkSync(join(root, "dist", name), join(folder, "dist", name));
  }
  writeFileSync(join(folder, "README"), "Made by npm run mutate; it may be deleted.\n");
}
