import { spawnSync } from "node:child_process";
import { build } from "esbuild";
import * as assert from "uvu/assert";
import { withFewThreads } from "../../harness/test/failing-threads";
import { refused, refusedAsUsage } from "../../harness/test/refused";
import { suite } from "../../harness/test/suite";
import { SpectroscopeError } from "../../kernels/errors";
import { projectRoot } from "../node/root";
import { useNodeThreads } from "../node/threads";
import { runJobs, type Work } from "./jobs";
import { type Thread, threadPlatform, useThreads } from "./platform";

const test = suite("runtime/threads/jobs");

/** What to do, and with what. */
interface Job {
  readonly values: Float64Array;
  readonly fails?: "known" | "unknown" | "never ends" | "exits";
}

const RUN = `async ({ values, fails }) => {
  if (fails === "known") throw new SpectroscopeError("job is wrong", { code: "memory", hint: "mend it", exitCode: 7 });
  if (fails === "unknown") throw new TypeError("no such thing");
  if (fails === "never ends") await new Promise(() => {});
  if (fails === "exits") process.exit(3);
  return { squares: values.map((x) => x * x) };
}`;

/** The function above, here and as a script. */
async function compile(): Promise<Work<Job, { squares: Float64Array }>> {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        import { SpectroscopeError } from "./kernels/errors";
        import { serveJobs } from "./runtime/threads/serve";
        serveJobs(${RUN});`,
      resolveDir: projectRoot(),
      loader: "ts",
    },
    ...{ bundle: true, write: false, platform: "browser", target: "es2022", format: "iife" },
  });
  const run = new Function("SpectroscopeError", `return ${RUN}`)(SpectroscopeError);
  return { script: outputFiles[0].text, run };
}

let work: Work<Job, { squares: Float64Array }>;
test.before(async () => {
  useNodeThreads();
  work = await compile();
});

const job = (i: number, fails?: Job["fails"]) => (): Job => ({
  values: Float64Array.of(i, 0.1 * i, 0),
  ...(fails ? { fails } : {}),
});
const some = Array.from({ length: 7 }, (_, i) => job(i));

test("one, two, three and five threads give the same results in the order of the jobs", async () => {
  const expected = Array.from({ length: 7 }, (_, i) => ({
    squares: Float64Array.of(i * i, (0.1 * i) ** 2, 0),
  }));
  for (const threads of [1, 2, 3, 5]) {
    const begun: number[] = [];
    const done: string[] = [];
    const results = await runJobs(work, some, {
      threads,
      begun: (job) => begun.push(job),
      progress: (...now) => done.push(now.join("/")),
    });
    assert.equal(results, expected, `${threads} threads`);
    assert.equal(begun, [0, 1, 2, 3, 4, 5, 6]);
    assert.equal(done, ["1/7", "2/7", "3/7", "4/7", "5/7", "6/7", "7/7"]);
  }
  assert.equal(await runJobs(work, [], { threads: 2 }), []);
});

test("no more jobs are made than threads can hold, and arrays of the caller stay", async () => {
  const values = Float64Array.of(1, 2);
  let held = 0;
  let most = 0;
  const jobs = Array.from({ length: 9 }, () => async (): Promise<Job> => {
    most = Math.max(most, ++held);
    return { values };
  });
  await runJobs(work, jobs, { threads: 3, progress: () => held-- });
  assert.is(most, 3);
  assert.equal(values, Float64Array.of(1, 2));
});

test("an error comes back as it was thrown, the first in order whatever fails first", async () => {
  for (const threads of [1, 3]) {
    const jobs = [job(0), job(1, "known"), job(2, "unknown"), job(3)];
    const error = await runJobs(work, jobs, { threads }).then(
      () => assert.unreachable("nothing was thrown"),
      (thrown: SpectroscopeError) => thrown,
    );
    assert.instance(error, SpectroscopeError);
    const { message, code, hint, exitCode } = error as SpectroscopeError;
    assert.equal([message, code, hint, exitCode], ["job is wrong", "memory", "mend it", 7]);
  }
  const unknown = await runJobs(work, [job(0), job(1, "unknown")], { threads: 2 }).catch((thrown) => thrown);
  assert.equal([unknown.message, unknown.code], ["no such thing", "internal"]);
  const refuses = () => {
    throw new SpectroscopeError("cannot be made", { hint: "make another" });
  };
  for (const threads of [1, 2]) {
    await refused(runJobs(work, [job(0), refuses, job(2)], { threads }), /cannot be made; make another/);
    await refused(runJobs(work, some, { threads, begun: refuses }), /cannot be made/);
  }
  await refused(runJobs(work, [job(0, "exits"), job(1)], { threads: 2 }), /worker ended in the middle of a job: .*3/);
  const ended = await runJobs(work, [job(0, "exits"), job(1)], { threads: 2 }).catch((thrown) => thrown);
  assert.is(ended.code, "system", "whoever ended it, it was not this program");
  await refusedAsUsage(runJobs(work, some, { threads: 0 }), /jobs: 0 threads/);
});

test("a signal stops jobs in the middle, and before the first", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const begun = (job: number) => {
    if (job === 1) setTimeout(() => controller.abort(), 20);
  };
  const jobs = [job(0, "never ends"), job(1, "never ends"), job(2)];
  await refused(runJobs(work, jobs, { threads: 2, signal, begun }).catch(interrupted), /stopped before all jobs/);
  for (const threads of [1, 2]) {
    let made = 0;
    const counted = some.map((make) => () => {
      made++;
      return make();
    });
    await refused(runJobs(work, counted, { threads, signal }).catch(interrupted), /stopped before all jobs/);
    assert.is(made, 0);
  }
});

/** Checks the status of an interruption, and throws on what `refused` can look at. */
function interrupted(error: SpectroscopeError): never {
  assert.equal([error.code, error.exitCode], ["interrupted", 130]);
  throw new SpectroscopeError(error.message);
}

test("where no worker can be started all run here", async () => {
  const platform = threadPlatform();
  const start = () => {
    throw new Error("a worker was started");
  };
  useThreads({ ...platform, starts: () => false, start });
  try {
    for (const threads of [undefined, 4]) {
      const results = await runJobs(work, some, { threads });
      assert.equal(results[3].squares, Float64Array.of(9, (0.1 * 3) ** 2, 0));
    }
  } finally {
    useThreads(platform);
  }
});

test("where the system gives fewer threads than asked for, those do all the jobs, or this one", async () => {
  for (const count of [0, 1, 2]) {
    const started: Thread[] = [];
    const results = await withFewThreads(count, () => runJobs(work, some, { threads: 4 }), started);
    assert.is(started.length, count);
    assert.equal(results[6].squares, Float64Array.of(36, (0.1 * 6) ** 2, 0));
  }
});

test("a worker that is ended from outside in the middle of a job is an error, and nobody waits for it", async () => {
  const started: Thread[] = [];
  const jobs = [job(0, "never ends"), job(1), job(2)];
  const begun = (at: number) => {
    if (at === 2) void started[0].stop();
  };
  const running = withFewThreads(2, () => runJobs(work, jobs, { threads: 2, begun }), started);
  // 1, or 0 where it was ended before its script began: Node's own number.
  await refused(
    running,
    /a worker ended in the middle of a job: it ended with status [01]; run the same command again/,
  );
});

test("a process ends by itself when its jobs are done, and when one has failed", async () => {
  const program = `
    import { useNodeThreads } from "./runtime/node/threads";
    import { runJobs } from "./runtime/threads/jobs";
    useNodeThreads();
    const work = ${JSON.stringify({ script: work.script })};
    const jobs = [1, 2, 3].map((x) => () => ({ values: Float64Array.of(x) }));
    const results = await runJobs(work, jobs, { threads: 2 });
    const failing = [() => ({ fails: "known" }), () => ({ fails: "known" })];
    const { code } = await runJobs(work, failing, { threads: 2 }).catch((error) => error);
    console.log(results.map(({ squares }) => squares[0]).join(" "), code);
  `;
  const { outputFiles } = await build({
    stdin: { contents: program, resolveDir: projectRoot(), loader: "ts" },
    ...{ bundle: true, write: false, platform: "node", format: "esm" },
  });
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", outputFiles[0].text], {
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.is(child.stdout, "1 4 9 memory\n", child.stderr);
  assert.is(child.status, 0);
});

test.run();
