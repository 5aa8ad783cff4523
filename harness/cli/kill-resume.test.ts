/**
 * A run that is killed at any moment (SIGKILL: nothing can be tidied up) goes on and ends with the bytes that a run has which
 * nobody touched: 20 moments, seeded, spread over the life of small runs of several kinds, five of them in one directory.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { differingFiles, folderBytes, isResult } from "../test/folder-bytes";
import { program } from "../test/program";
import { seededRandom } from "../test/random";
import { suite } from "../test/suite";

const test = suite("harness/cli/kill-resume", { gpu: true });
const folder = mkdtempSync(join(tmpdir(), "spectroscope-kill-"));
const running = new Set<ChildProcess>();
test.after(() => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const random = seededRandom(20);
// Rows of few ids: what is tested are files, and the time is that of starting.
const ids = (rows: number) => Array.from({ length: rows }, () => Array.from({ length: 9 }, () => random.integer(90)));
writeFileSync(join(folder, "probe.json"), JSON.stringify(ids(4)));
writeFileSync(join(folder, "pool.json"), JSON.stringify(ids(5)));

const sets = (...pairs: string[]) => pairs.flatMap((pair) => ["--set", pair]);
const COMMON = sets(
  "weight_restrictions=l1h0,l1h2.q",
  "probe_tokens=probe.json",
  "pool_tokens=pool.json",
  "sampler.num_chains=2",
  "sampler.num_burnin_steps=1",
  "sampler.num_steps_bw_draws=1",
);
const RMSPROP = sets("sampler.sampling_method=rmsprop_sgld", "sampler.lr=0.001");

/** A kind of run, and how many of the 20 moments are its own. */
interface Kind {
  readonly name: string;
  readonly words: readonly string[];
  /** What its killed processes, but not its untouched run, are told besides: nothing that may change a byte. */
  readonly besides?: readonly string[];
  readonly moments: number;
}
const draws = (count: number, every: number, priors = false) =>
  sets(
    ...[`sampler.num_draws=${count}`, `checkpoint_draws=${every}`],
    ...[`controls.n_beta_zero=${priors}`, `controls.equal_rise=${priors}`],
  );
const SAMPLED: readonly Kind[] = [
  { name: "traces", words: ["sample", ...COMMON, ...draws(8, 2, true), "--keep-traces"], moments: 5 },
  {
    name: "sums alone, RMSprop",
    words: ["sample", ...COMMON, ...RMSPROP, ...draws(9, 3), "--no-keep-traces"],
    besides: sets("components_at_once=2"),
    moments: 5,
  },
  {
    name: "traces of two texts, RMSprop in a box",
    words: [
      ...["sample", ...COMMON, ...RMSPROP, ...draws(6, 2), "--keep-traces"],
      ...sets("sampling_task=pool", "sampling_sequences=2", "sampler.bounding_box_size=0.01"),
    ],
    moments: 5,
  },
];
const ANALYZED: Kind = {
  name: "analyzed",
  words: ["run", ...COMMON, ...draws(7, 3, true), ...sets("trace_rank=4", "cluster.k=5", "cluster.min_size=3")],
  moments: 5,
};

/** When a process is killed: after so long, after the files of its directory changed so often, or once a file is there. */
interface Moment {
  readonly after?: number;
  readonly changes?: number;
  readonly seen?: string;
}

interface Ended {
  readonly killed: boolean;
  readonly code: number | null;
  readonly stderr: string;
  readonly milliseconds: number;
  /** How often another list of files was seen in its directory. */
  readonly changes: number;
}

/** Names of all files, unfinished ones too; a folder may go while it is read. */
function listing(path: string): string {
  try {
    return readdirSync(path, { recursive: true, encoding: "utf8" }).join("\n");
  } catch {
    return "";
  }
}

/** Runs the program and kills it at a moment, if it comes to that. */
function started(words: readonly string[], out: string, moment?: Moment): Promise<Ended> {
  return new Promise((done) => {
    const since = performance.now();
    const child = spawn(process.execPath, [program, ...words, "--out", out], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    running.add(child);
    let stderr = "";
    child.stderr.on("data", (data) => {
      stderr += data;
    });
    let changes = 0;
    let seen = listing(out);
    const timer = setInterval(() => {
      const now = listing(out);
      if (now !== seen) changes++;
      seen = now;
      const late = moment?.changes !== undefined && changes >= moment.changes;
      if (late || (moment?.seen !== undefined && now.includes(moment.seen))) child.kill("SIGKILL");
    }, 8);
    const alarm = moment?.after === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), moment.after);
    child.on("exit", (code, signal) => {
      clearInterval(timer);
      clearTimeout(alarm);
      running.delete(child);
      const milliseconds = performance.now() - since;
      done({ killed: signal === "SIGKILL", code, stderr, milliseconds, changes });
    });
  });
}

/** Whether a unit's store says that it is finished. */
function isWhole(path: string): boolean {
  const root = join(path, "zarr.json");
  return existsSync(root) && readFileSync(root, "utf8").includes('"completed"');
}

/** What a kill left: nothing, a unit on its way, finished ones, or results on theirs. */
function left(out: string): string {
  if (!existsSync(join(out, "manifest.json"))) return "nothing";
  const names = listing(out).split("\n");
  const has = (end: string) => names.some((name) => name.endsWith(end) && !name.startsWith("."));
  if (has(".checkpoint")) return "a checkpoint";
  if (names.includes("results.json")) return "results";
  if (names.some((name) => name.startsWith("susceptibilities.zarr"))) return "results half written";
  const units = names.filter((name) => /^samples_[^/\\]*\.zarr$/.test(name));
  if (!units.every((name) => isWhole(join(out, name)))) return "a unit begun";
  return units.length > 0 ? "whole units" : "a manifest";
}

/** `count` moments spread over a run's life: some by the clock, most by what it wrote. */
function momentsOf(count: number, { milliseconds, changes }: Ended): Moment[] {
  return Array.from({ length: count }, (_, i): Moment => {
    const share = (i + random.uniform()) / count;
    return i % 3 === 0
      ? { after: Math.max(50, share * milliseconds) }
      : { changes: 1 + Math.floor(0.85 * share * changes) };
  });
}

/** Goes on with what was left: by the same command, or by `--resume` where there is a run. */
function wordsOfResume(kind: Kind, out: string, resume: boolean): readonly string[] {
  if (resume && existsSync(join(out, "manifest.json"))) return [kind.words[0], "--resume"];
  return [...kind.words, ...(kind.besides ?? [])];
}

async function reference(kind: Kind): Promise<{ ended: Ended; bytes: Record<string, string> }> {
  const out = join(folder, `${kind.name}, untouched`);
  const ended = await started(kind.words, out);
  assert.is(ended.code, 0, ended.stderr);
  return { ended, bytes: folderBytes(out, isResult) };
}

let total = 0;
for (const kind of SAMPLED) {
  test(`${kind.name}: killed at ${kind.moments} moments and taken up again, the same bytes`, async (t) => {
    const { ended, bytes } = await reference(kind);
    const traces = Object.keys(bytes).some((name) => name.includes("/loss_probe/"));
    assert.is(traces, kind.words.includes("--keep-traces"));
    const notes: string[] = [];
    const one = async (moment: Moment, i: number) => {
      const out = join(folder, `${kind.name}, ${i}`);
      const { killed, code, stderr } = await started([...kind.words, ...(kind.besides ?? [])], out, moment);
      notes[i] = killed ? left(out) : "ended before";
      assert.ok(killed || code === 0, stderr);
      const again = await started(wordsOfResume(kind, out, i % 2 === 1), out);
      assert.is(again.code, 0, again.stderr);
      const different = differingFiles(folderBytes(out, isResult), bytes);
      assert.equal(different, [], `killed when there was: ${notes[i]}; these differ: ${different}`);
      rmSync(out, { recursive: true });
      if (killed) total++;
    };
    const moments = momentsOf(kind.moments, ended);
    // Two at a time.
    for (let i = 0; i < moments.length; i += 2) {
      await Promise.all(moments.slice(i, i + 2).map((moment, j) => one(moment, i + j)));
    }
    t.note(`killed when there was: ${notes.join(", ")}`);
    assert.ok(
      notes.some((note) => note === "a checkpoint" || note === "a unit begun"),
      "some die on the way",
    );
  });
}

test("killed five times in one directory, then analyzed: the same bytes, clusters and susceptibilities too", async (t) => {
  const { ended, bytes } = await reference(ANALYZED);
  for (const name of ["clusters.jsonl", "results.json", "susceptibilities.zarr/zarr.json"]) assert.ok(name in bytes);
  const out = join(folder, ANALYZED.name);
  const notes: string[] = [];
  let killed = 0;
  for (let i = 0; i < ANALYZED.moments; i++) {
    // Each gets on by a few files, so that all five die; the last of them while results are written.
    const changes = 1 + Math.floor((0.2 + 0.5 * random.uniform()) * (ended.changes / ANALYZED.moments));
    const moment = i < ANALYZED.moments - 1 ? { changes } : { seen: "susceptibilities.zarr" };
    const run = await started(wordsOfResume(ANALYZED, out, i % 2 === 1), out, moment);
    if (run.killed) killed++;
    else assert.is(run.code, 0, run.stderr);
    notes.push(run.killed ? left(out) : "ended before");
  }
  total += killed;
  t.note(`killed when there was: ${notes.join(", ")}`);
  assert.ok(killed >= 3, `killed ${killed} times`);
  const last = await started([ANALYZED.words[0], "--resume"], out);
  assert.is(last.code, 0, last.stderr);
  assert.equal(differingFiles(folderBytes(out, isResult), bytes), []);
  assert.ok(total >= 14, `${total} of 20 moments came before the end of their process`);
});

test.run();
