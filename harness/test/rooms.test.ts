/** Which room may import from which: what a page, a package and a second family stand on. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import * as assert from "uvu/assert";
import { projectRoot } from "../../runtime/node/root";
import { suite } from "./suite";

const test = suite("harness/rooms");
const root = projectRoot();

/** Rooms in their order: each may import from those before it. */
const ROOMS = ["kernels", "runtime", "models", "harness"];

/** What rooms inside `runtime` may import of each other, beside themselves and `plan`'s types. */
const INSIDE: Readonly<Record<string, readonly string[]>> = {
  config: [],
  formats: ["statistics"],
  statistics: [],
  threads: [],
  plan: [],
  webgpu: ["plan"],
  processor: ["plan", "threads"],
  transformer: ["plan"],
  sampler: ["config", "plan", "transformer"],
  susceptibility: ["config", "sampler", "statistics"],
  cluster: ["config", "formats", "plan", "statistics", "threads"],
  store: ["config", "formats", "sampler", "susceptibility"],
  modes: ["plan", "statistics"],
  sae: ["plan", "statistics"],
  measure: [
    ...["config", "formats", "plan", "transformer", "sampler", "statistics", "susceptibility", "cluster", "store"],
    ...["modes", "sae"],
  ],
  node: ["formats", "plan", "webgpu", "processor", "threads", "store"],
};

interface Import {
  readonly file: string;
  readonly from: string;
}

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (entry.name !== "assembly") yield* sources(path);
    } else if (/\.[cm]?[jt]s$/.test(entry.name) && !entry.name.endsWith(".test.ts")) yield path;
  }
}

/** However a file is asked for: imported, exported on, loaded later, or named for a worker. */
const ASKED = /(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\(|\bURL\s*\()\s*["'`](\.[^"'`]+)["'`]/g;

const importsOf = (file: string, text: string) =>
  [...text.matchAll(ASKED)].map(([, from]): Import => ({ file, from: normalize(join(dirname(file), from)) }));

const imports = ROOMS.flatMap((room) => [...sources(room)]).flatMap((file) =>
  importsOf(file, readFileSync(join(root, file), "utf8")),
);

function noneOf(wrong: readonly Import[]): void {
  assert.is(wrong.length, 0, wrong.map(({ file, from }) => `${file} imports ${from}`).join("; "));
}

test("an import is found however it is written", () => {
  for (const text of [
    'import { Run } from "../store/run";',
    'import{Run}from"../store/run";',
    "import type { Run } from '../store/run';",
    'import {\n  Run,\n} from\n  "../store/run";',
    'import "../store/run";',
    'export { Run } from "../store/run";',
    'export type * from "../store/run";',
    'type R = import("../store/run").Run;',
    'const load = () => import("../store/run");',
    "const load = () => import(`../store/run`);",
    'const run = require("../store/run");',
    'new Worker(new URL("../store/run", import.meta.url));',
  ]) {
    assert.equal(
      importsOf("runtime/plan/plan.ts", text),
      [{ file: "runtime/plan/plan.ts", from: "runtime/store/run" }],
      text,
    );
  }
});

test("rooms import from those before them only: kernels, runtime, models, harness", () => {
  const wrong = imports.filter(({ file, from }) => {
    const [own, other] = [file, from].map((path) => ROOMS.indexOf(path.split("/")[0]));
    return other > own;
  });
  noneOf(wrong);
});

test("inside runtime every room has its neighbors; only Node's programs import runtime/node", () => {
  const wrong = imports.filter(({ file, from }) => {
    const [room, inner] = file.split("/");
    const [otherRoom, other] = from.split("/");
    if (otherRoom !== "runtime") return false;
    if (room !== "runtime") return other === "node" && room !== "harness" && !file.startsWith("models/hub/");
    return other !== inner && !INSIDE[inner]?.includes(other);
  });
  noneOf(wrong);
});

test.run();
