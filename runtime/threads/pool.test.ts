import { spawnSync } from "node:child_process";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { withFewThreads } from "../../harness/test/failing-threads";
import { refused, refusedAsUsage } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { projectRoot } from "../node/root";
import { useNodeThreads } from "../node/threads";
import type { Thread } from "./platform";
import { openPool, type WasmSource } from "./pool";
import { defaultThreads } from "./threads";

/**
 * Threads take numbers 0 .. count - 1 from a counter and write their squares; `fail` traps on one thread; `spin` never ends.
 * Compiled here in both ways, as kernels are.
 */
const SOURCE = `
const COUNTER: usize = 1024;
export function reset(): void { atomic.store<u32>(COUNTER, 0); }
export function squares(out: usize, count: u32): u32 {
  let taken: u32 = 0;
  for (let i = atomic.add<u32>(COUNTER, 1); i < count; i = atomic.add<u32>(COUNTER, 1)) {
    store<u32>(out + (<usize>i << 2), i * i);
    taken++;
  }
  return taken;
}
export function fail(on: u32): void { if (on) unreachable(); }
export function refuse(on: u32): void { if (on) throw new Error("no"); }
export function spin(on: u32): void { while (atomic.load<u32>(COUNTER) != <u32>-1) {} }
`;

async function compile(): Promise<WasmSource> {
  const { main } = await import("assemblyscript/asc");
  const make = async (...memory: string[]) => {
    let bytes: Uint8Array | undefined;
    const flags = ["--runtime", "stub", "--importMemory", "--noExportMemory", "--memoryBase", "2048", "-O2"];
    const { error, stderr } = await main(
      ["index.ts", ...flags, "--enable", "threads", "--outFile", "out.wasm", "--config", "none.json", ...memory],
      {
        readFile: (name) => (name === "index.ts" ? SOURCE : null),
        writeFile: (_, contents) => {
          bytes = contents as Uint8Array;
        },
        listFiles: () => [],
      },
    );
    if (error || !bytes) throw new Error(`${error?.message}: ${stderr}`);
    return bytes;
  };
  return { single: await make(), shared: await make("--sharedMemory", "--maximumMemory", "65536") };
}

const test = suite("runtime/threads/pool");
let source: WasmSource;
test.before(async () => {
  source = await compile();
});

test("one, two and five threads write the same, and every item is taken once", async () => {
  const count = 10_000;
  for (const threads of [1, 2, 5]) {
    const pool = await openPool(source, { pages: 2, threads });
    assert.is(pool.threads, threads);
    assert.is(pool.memory.buffer instanceof SharedArrayBuffer, threads > 1);
    for (let again = 0; again < 3; again++) {
      (pool.exports.reset as () => void)();
      const taken = await pool.run("squares", () => [4096, count]);
      assert.is(taken.length, threads);
      assert.is(
        taken.reduce((a, b) => a + b, 0),
        count,
      );
      const got = new Uint32Array(pool.memory.buffer, 4096, count);
      assert.ok(got.every((value, i) => value === i * i));
      got.fill(0);
    }
    await pool.close();
    await refused(
      pool.run("reset", () => []),
      /closed/,
    );
  }
});

test("calls that overlap are answered in order", async () => {
  const pool = await openPool(source, { pages: 2, threads: 3 });
  const counts = await Promise.all([10, 0, 20].map((count) => pool.run("squares", () => [4096, count])));
  // The counter goes on from call to call: 10 are taken, then none, then what is left of 20.
  assert.equal(
    counts.map((taken) => taken.reduce((a, b) => a + b, 0) > 0),
    [true, false, true],
  );
  await pool.close();
});

test("a trap on one thread rejects, and the pool is closed though another thread never ends", async () => {
  for (const threads of [1, 3]) {
    for (const name of ["fail", "refuse"]) {
      const pool = await openPool(source, { pages: 2, threads });
      await refused(
        pool.run(name, (thread) => [Number(thread === threads - 1)]),
        new RegExp(`call ${name}: `),
      );
      await refused(
        pool.run("reset", () => []),
        /call/,
      );
      await pool.close();
    }
  }
  const pool = await openPool(source, { pages: 2, threads: 2 });
  const spinning = pool.run("spin", () => [1]);
  const failing = refused(spinning, /closed/);
  await pool.close();
  await failing;
});

test("where the system gives fewer threads than asked for, the pool is of those", async () => {
  useNodeThreads();
  for (const [count, threads] of [
    [0, 1],
    [1, 1],
    [3, 3],
  ]) {
    const pool = await withFewThreads(count, () => openPool(source, { pages: 2, threads: 5 }));
    assert.is(pool.threads, threads);
    const taken = await pool.run("squares", () => [4096, 100]);
    assert.is(
      taken.reduce((a, b) => a + b, 0),
      100,
    );
    await pool.close();
  }
});

test("a thread that is ended from outside is an error, in the middle of a call and before one", async () => {
  useNodeThreads();
  for (const during of [true, false]) {
    const started: Thread[] = [];
    const pool = await withFewThreads(9, () => openPool(source, { pages: 2, threads: 2 }), started);
    const spinning = during ? pool.run("spin", () => [1]) : undefined;
    const gone = refused(
      spinning ??
        Promise.resolve()
          .then(() => started[0].stop())
          .then(() => pool.run("reset", () => [])),
      /WebAssembly thread 0 ended: it ended with status 1; run the same command again/,
    );
    if (during) await started[0].stop();
    await gone;
    await pool.close();
  }
});

test("what is refused", async () => {
  await refused(openPool(source, { pages: 65537 }), /at most 4096/);
  await refusedAsUsage(openPool(source, { pages: 2, threads: 0 }), /0 threads/);
  await refusedAsUsage(openPool(source, { pages: 2, threads: 1.5 }), /1.5 threads/);
  for (const threads of [1, 2]) {
    const pool = await openPool(source, { pages: 2, threads });
    await refused(
      pool.run("nothing", () => []),
      /nothing: the module exports no such function/,
    );
    await pool.close();
  }
});

test("SPECTROSCOPE_THREADS is checked", async () => {
  const before = process.env.SPECTROSCOPE_THREADS;
  try {
    process.env.SPECTROSCOPE_THREADS = "3";
    assert.is(defaultThreads(), 3);
    for (const wrong of ["two", "0", "-1", "1.5", "1e9", "257"]) {
      process.env.SPECTROSCOPE_THREADS = wrong;
      await refusedAsUsage(Promise.resolve().then(defaultThreads), /SPECTROSCOPE_THREADS.*give an integer in 1 .. 256/);
    }
    delete process.env.SPECTROSCOPE_THREADS;
    assert.ok(defaultThreads() >= 1);
  } finally {
    if (before === undefined) delete process.env.SPECTROSCOPE_THREADS;
    else process.env.SPECTROSCOPE_THREADS = before;
  }
});

test("a process with an open, idle pool ends by itself; one that waits does not end early", async () => {
  const { build } = await import("esbuild");
  const bytes = (wasm: Uint8Array) => `Uint8Array.from(${JSON.stringify(Array.from(wasm))})`;
  const program = `
    import { useNodeThreads } from "./runtime/node/threads";
    import { openPool } from "./runtime/threads/pool";
    useNodeThreads();
    const source = { single: ${bytes(source.single)}, shared: ${bytes(source.shared)} };
    const pool = await openPool(source, { pages: 2, threads: 2 });
    await new Promise((done) => setTimeout(done, 100));
    await pool.run("squares", () => [4096, 1000]);
    console.log("ran");
  `;
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: projectRoot(), loader: "ts" },
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    outfile: join(projectRoot(), "dist", "pool-child.mjs"),
  });
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", outputFiles[0].text], {
    encoding: "utf8",
    timeout: 20_000,
  });
  assert.is(child.stdout, "ran\n", child.stderr);
  assert.is(child.status, 0);
  assert.is(child.signal, null);
});

test.run();
