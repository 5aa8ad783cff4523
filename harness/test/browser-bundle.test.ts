/** Every room that a page stands on bundles for a browser, and nothing in it asks for Node. */
import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { build, type Plugin, transform } from "esbuild";
import * as assert from "uvu/assert";
import { projectRoot } from "../../runtime/node/root";
import { suite } from "./suite";

const test = suite("harness/browser-bundle");
const root = projectRoot();

/** Rooms that a page may load, whole. */
const ROOMS = [
  ...["kernels", "runtime/plan", "runtime/webgpu", "runtime/processor", "runtime/threads", "runtime/transformer"],
  ...["runtime/config", "runtime/formats", "runtime/statistics"],
  ...["runtime/sampler", "runtime/susceptibility", "runtime/cluster", "runtime/store", "runtime/measure"],
  ...["runtime/modes", "runtime/sae"],
  ...["models/families", "models/formats", "models/text", "models/grammars", "models/nano", "models/iota"],
];

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name !== "assembly") yield* sources(path);
    } else if (/(?<!\.test|\.d)\.[cm]?[jt]s$/.test(entry.name)) yield path;
  }
}

/** Bundles sources for a browser: the text, and who asked for a module of Node's. */
async function bundled(entries: readonly string[]): Promise<{ text: string; asked: string[] }> {
  const asked: string[] = [];
  const listen: Plugin = {
    name: "modules of Node",
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path, importer }) => {
        if (!isBuiltin(path)) return undefined;
        asked.push(`${importer.slice(root.length + 1)} imports ${path}`);
        return { path, external: true };
      });
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: entries.map((file) => `export * from "./${file}";`).join("\n"), resolveDir: root },
    absWorkingDir: root,
    bundle: true,
    write: false,
    platform: "browser",
    format: "esm",
    target: "es2022",
    loader: { ".wgsl": "text", ".wasm": "binary" },
    plugins: [listen],
    // The same name in two files is left out of what is exported, not of what is bundled.
    logOverride: { "ambiguous-reexport": "silent" },
    logLevel: "silent",
    treeShaking: false,
  });
  return { text: outputFiles[0].text, asked };
}

test("rooms of a page bundle without a module of Node", async (t) => {
  const entries = ROOMS.flatMap((room) => [...sources(room)]);
  const { text, asked } = await bundled(entries);
  assert.is(asked.length, 0, asked.join("; "));
  assert.not.match(text, /["'`]node:/, "nor does any text name one");
  t.note(`${entries.length} files, ${(text.length / 2 ** 20).toFixed(1)} MiB`);
});

/** What a file reads of Node's globals, which no bundler misses; types and comments do not count. */
async function globalsOf(source: string): Promise<string[]> {
  const globals = [
    "process",
    "Buffer",
    "global",
    "require",
    "__dirname",
    "__filename",
    "setImmediate",
    "clearImmediate",
  ];
  const marked = globals.flatMap((name) => [name, `globalThis.${name}`].map((said) => [said, `node_s_${name}`]));
  const { code } = await transform(source, { loader: "ts", define: Object.fromEntries(marked) });
  return [...code.matchAll(/\bnode_s_(\w+)/g)].map(([, name]) => name);
}

test("nor do they read a global of Node's", async () => {
  for (const file of ROOMS.flatMap((room) => [...sources(room)])) {
    assert.equal(await globalsOf(readFileSync(join(root, file), "utf8")), [], file);
  }
  const wrong = "a(process.env.X, globalThis.process?.y, Buffer.from(z), __dirname); setImmediate(require('f' + 's'));";
  const found = ["process", "process", "Buffer", "__dirname", "setImmediate", "require"];
  assert.equal(await globalsOf(wrong), found);
  assert.equal(await globalsOf("const process = 1; f(process, a.global, { require: 2 } as { Buffer: 3 });"), []);
});

test("what only Node has is found by this test", async () => {
  const { asked } = await bundled(["runtime/node/files.ts"]);
  assert.ok(asked.some((line) => /runtime\/node\/files\.ts imports node:fs/.test(line)));
});

test.run();
