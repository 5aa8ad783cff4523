/** A checkout of a program of one line, for tests of what sets checkouts up: real scripts, real esbuild, an npm and an asc of paper. */
import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { projectRoot } from "../../runtime/node/root";

const LOCK = { packages: { "": {}, "node_modules/esbuild": { version: "1.0.0" } } };

/** Notes that it was called, takes its time, and installs as npm does: what says that all is there comes last. */
const NPM = (modules: string) => `#!${process.execPath}
const { appendFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } = require("node:fs");
appendFileSync(process.env.NPM_LOG, process.argv[2] + " " + process.cwd() + "\\n");
if (process.env.NPM_FAILS) { process.stderr.write(process.env.NPM_FAILS); process.exit(1); }
const install = () => {
  // Until so many are at it.
  const calls = readFileSync(process.env.NPM_LOG, "utf8").trim().split("\\n").length;
  if (calls < Number(process.env.NPM_TOGETHER ?? 0)) return setTimeout(install, 20);
  mkdirSync("node_modules/assemblyscript/bin", { recursive: true });
  symlinkSync(${JSON.stringify(join(modules, "esbuild"))}, "node_modules/esbuild");
  writeFileSync("node_modules/assemblyscript/bin/asc.js", ${JSON.stringify(ASC)});
  writeFileSync("node_modules/.package-lock.json", ${JSON.stringify(JSON.stringify(LOCK))});
};
setTimeout(install, Number(process.env.NPM_MS ?? 300));
`;

const ASC = `
const { writeFileSync } = require("node:fs");
setTimeout(() => writeFileSync(process.argv[process.argv.indexOf("--outFile") + 1], "wasm"), Number(process.env.ASC_MS ?? 0));
`;

/** Long, so that half of it is easily read. */
const main = (text: string) => `const long = "${"x".repeat(3_000_000)}";
process.stdout.write(long.length === 3_000_000 ? ${JSON.stringify(`${text}\n`)} : "cut");
`;

export interface Start {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Options {
  readonly env?: Record<string, string>;
  readonly words?: readonly string[];
  /** As another user. */
  readonly uid?: number;
  /** Told the process that was started. */
  readonly started?: (kill: (signal: NodeJS.Signals) => void) => void;
}

export class SmallCheckout {
  readonly root = mkdtempSync(join(tmpdir(), "spectroscope-checkout-"));
  private readonly log = join(this.root, "npm.log");

  constructor() {
    chmodSync(this.root, 0o755);
    const modules = join(projectRoot(), "node_modules");
    this.write("package.json", JSON.stringify({ name: "spectroscope", type: "module" }));
    this.write("package-lock.json", JSON.stringify(LOCK));
    this.write("asconfig.json", "{}");
    this.write("kernels/abi.ts", "export const accessorModules = () => ({});\n");
    for (const name of ["graph", "knn", "products"]) this.write(`kernels/${name}/assembly/index.ts`, "");
    this.write("runtime/cluster/job-worker.ts", "export {};\n");
    this.write("models/none.ts", "export {};\n");
    this.write("harness/test/run.ts", "export {};\n");
    this.program("one");
    const own = join(projectRoot(), "harness", "setup");
    for (const name of readdirSync(own).filter((file) => file.endsWith(".mjs"))) {
      cpSync(join(own, name), join(this.root, "harness", "setup", name));
    }
    // CommonJS, whatever the checkout's own package is.
    this.write("bin/package.json", "{}");
    this.write("bin/npm", NPM(modules));
    chmodSync(join(this.root, "bin", "npm"), 0o755);
  }

  /** What the program prints from now on. */
  program(text: string): void {
    this.write("harness/cli/main.ts", main(text));
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  /** Where npm was called, a line each. */
  installs(): string[] {
    return existsSync(this.log) ? readFileSync(this.log, "utf8").trim().split("\n") : [];
  }

  start({ env = {}, words = [], uid, started }: Options = {}): Promise<Start> {
    const script = join(this.root, "harness", "setup", "spectroscope.mjs");
    const path = [join(this.root, "bin"), process.env.PATH].join(delimiter);
    const child = spawn(process.execPath, [script, ...words], {
      cwd: this.root,
      env: { ...process.env, PATH: path, NPM_LOG: this.log, SPECTROSCOPE_ADAPTER: "none", ...env },
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    const ended = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        ended[name] += text;
      });
    }
    started?.((signal) => child.kill(signal));
    return new Promise((done) => child.on("close", (status) => done({ status, ...ended })));
  }
}
