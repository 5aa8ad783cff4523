/** The command line as a person meets it: the built program in a process of its own. */
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { readSafetensors } from "../../models/hub/safetensors-file";
import { readNpy } from "../../runtime/node/npy-file";
import { projectRoot } from "../../runtime/node/root";
import { differingFiles, folderBytes, isResult } from "../test/folder-bytes";
import { assertRefused, program, runProgram } from "../test/program";
import { suite } from "../test/suite";

const test = suite("harness/cli", { gpu: true });
const root = projectRoot();
const folder = mkdtempSync(join(tmpdir(), "spectroscope-cli-"));

const cli = (...words: string[]) => runProgram(folder, words);
const refused = assertRefused;

const ids = join(folder, "ids.json");
writeFileSync(
  ids,
  JSON.stringify([Array.from({ length: 12 }, (_, i) => i), Array.from({ length: 12 }, (_, i) => 90 - i)]),
);

test.after(() => rmSync(folder, { recursive: true, force: true }));

test("help names every command, and every command has help", () => {
  const help = cli("--help");
  assert.is(help.status, 0);
  const commands = ["run", "devices", "verify", "bench", "fetch", "loss", "sample", "merge", "cluster", "report"];
  for (const name of [...commands, "controls", "sweep", "sae", "compare", "llc", "influence"]) {
    assert.match(help.stdout, name);
    assert.is(cli(name, "--help").status, 0);
  }
});

test("an unknown command, option or config key is a usage error that suggests the nearest", () => {
  refused(cli("rum"), 2, "rum", "run");
  refused(cli("run", "--quik"), 2, "--quik", "--quick");
  refused(cli("run", "--set", "sampler.num_draw=3"), 2, "sampler.num_draw", "num_draws");
  refused(cli("run", "--set", "cluster.phi=0.3"), 2, "phi");
  const config = join(folder, "config.json");
  writeFileSync(config, JSON.stringify({ sampler: { learning_rate: 1 } }));
  refused(cli("run", "--config", config), 2, "config.json", "learning_rate");
  refused(cli("run", "--set", "sampler.lr=-1"), 2, "lr", "above 0");
});

test("missing and broken files are named, with the remedy, and nothing is written", () => {
  const out = join(folder, "never.npy");
  refused(cli("loss", "--model", "nano", "--tokens", "absent.json", "--out", out), 1, "absent.json");
  refused(cli("loss", "--model", join(folder, "absent"), "--tokens", ids, "--out", out), 1, "absent");
  const broken = join(folder, "broken");
  mkdirSync(broken);
  copyFileSync(join(root, "models", "nano", "config.json"), join(broken, "config.json"));
  refused(cli("loss", "--model", broken, "--tokens", ids, "--out", out), 1, "safetensors");
  const whole = readFileSync(join(root, "models", "nano", "model.safetensors"));
  writeFileSync(join(broken, "model.safetensors"), whole.subarray(0, whole.length - 100));
  refused(cli("loss", "--model", broken, "--tokens", ids, "--out", out), 1, "model.safetensors", "bytes");
  assert.not(readdirSync(folder).includes("never.npy"));
});

test("ids out of range, ragged rows and a wrong shape are refused by place and value", () => {
  const bad = (name: string, rows: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(rows));
    return cli("loss", "--model", "nano", "--tokens", path);
  };
  refused(bad("range.json", [[1, 2, 3000]]), 1, "range.json", "3000");
  refused(bad("negative.json", [[1, -2, 3]]), 1, "-2");
  refused(
    bad("ragged.json", [
      [1, 2, 3],
      [1, 2],
    ]),
    1,
    "ragged.json",
  );
  refused(bad("empty.json", []), 1, "empty.json");
  refused(bad("long.json", [Array.from({ length: 70 }, () => 1)]), 1, "70");
});

test("adapter none: exit 3 and the remedy", () => {
  refused(cli("loss", "--model", "nano", "--tokens", ids, "--adapter", "none"), 3, "npm run adapter");
  refused(cli("run", "--adapter", "none"), 3, "npm run adapter");
  assert.is(cli("devices", "--adapter", "none").status, 3);
  refused(cli("verify", "--adapter", "no-such-gpu"), 3, "no-such-gpu");
});

test("devices tells the adapter, also as JSON", () => {
  const run = cli("devices", "--json");
  assert.is(run.status, 0, run.stderr);
  assert.type(JSON.parse(run.stdout).adapter.name, "string");
});

test("loss writes f32 [B, T-1] and the gradient by Hugging Face name", async () => {
  const out = join(folder, "losses.npy");
  const grads = join(folder, "grads.safetensors");
  const run = cli("loss", "--model", "nano", "--tokens", ids, "--out", out, "--grads", grads, "--json");
  assert.is(run.status, 0, run.stderr);
  const facts = JSON.parse(run.stdout);
  const { shape, data, dtype } = await readNpy(out);
  assert.equal([...shape], [2, 11]);
  assert.is(dtype, "f32");
  const mean = Array.from(data as Float32Array).reduce((a, b) => a + b) / 22;
  assert.ok(Math.abs(mean - facts.mean_loss) < 1e-6);
  const tensors = await readSafetensors(grads);
  const weights = await readSafetensors(join(root, "models", "nano", "model.safetensors"));
  assert.equal([...tensors.keys()].sort(), [...weights.keys()].sort());
  for (const [name, { shape: own }] of tensors) assert.equal([...own], [...weights.get(name)!.shape], name);
});

/** A run small enough for a test. */
const SMALL = [
  "weight_restrictions=l1h0,l1h1,l1h2,l1h3,unembed",
  "neuron_groups=0",
  "probe_sequences=8",
  "pool_sequences=8",
  "sampler.num_chains=3",
  "sampler.num_draws=6",
  "sampler.num_burnin_steps=1",
  "sampler.num_steps_bw_draws=1",
  "sampler.batch_size=2",
].flatMap((set) => ["--set", set]);

test("a run that another process is writing is left to it", () => {
  const out = join(folder, "held");
  // This process is alive and is not the program's.
  writeFileSync(`${out}.lock`, `${process.pid}\n${hostname()}\n`);
  refused(cli("sample", ...SMALL, "--out", out), 1, "held: another process is writing this run");
  assert.not(readdirSync(folder).includes("held"));
  rmSync(`${out}.lock`);
});

test("a run twice with one seed: the same bytes; interrupted and resumed: the same bytes", async (t) => {
  const first = join(folder, "first");
  const run = cli("run", ...SMALL, "--out", first, "--json");
  assert.is(run.status, 0, run.stderr);
  const facts = JSON.parse(run.stdout);
  assert.is(facts.tokens, 8 * 64);
  assert.ok(facts.scores.some((row: { features: string }) => row.features === "chi, shuffled draws"));
  const wanted = folderBytes(first, isResult);

  const second = join(folder, "second");
  assert.is(await interrupted(["run", ...SMALL, "--out", second]), 130, "an interrupted run exits with 130");
  const done = JSON.parse(readFileSync(join(second, "manifest.json"), "utf8")).units as Record<
    string,
    { state: string }
  >;
  const states = Object.values(done).map(({ state }) => state);
  t.note(`interrupted with ${states.filter((state) => state === "done").length} of ${states.length} units done`);
  assert.ok(states.includes("pending"), "interrupted before its end");
  assert.equal(
    readdirSync(second)
      .filter((name) => name.endsWith(".json"))
      .sort(),
    ["manifest.json"],
  );
  const resumed = cli("run", "--resume", "--out", second);
  assert.is(resumed.status, 0, resumed.stderr);
  assert.equal(differingFiles(folderBytes(second, isResult), wanted), []);

  refused(cli("run", ...SMALL, "--set", "sampler.lr=0.01", "--out", second), 1, "sampler.lr: 0.02 there, 0.01 now");
  const task = ["--set", "sampling_task=pool", "--set", "sampling_sequences=2", "--no-keep-traces"];
  refused(
    cli("run", ...SMALL, ...task, "--out", second),
    1,
    'sampling_task: "probe" there, "pool" now',
    "sampling_sequences: 16 there, 2 now",
    "keep_traces: true there, false now",
    "choose another directory or the same config",
  );
  refused(
    cli("run", "--resume", "--set", "sampler.lr=0.01", "--seed", "4", "--out", second),
    1,
    "sampler.lr",
    "sampler.seed",
  );
  assert.equal(differingFiles(folderBytes(second, isResult), wanted), [], "what was refused changed nothing");
  const again = cli("cluster", second, "--json");
  assert.is(again.status, 0, again.stderr);
  assert.equal(differingFiles(folderBytes(second, isResult), wanted), [], "clustering again changes nothing");
  const report = cli("report", second);
  assert.is(report.status, 0, report.stderr);
  const html = readFileSync(join(second, "report.html"), "utf8");
  assert.match(html, "l1h2");
  assert.not(/(src|href)="https?:/.test(html));
});

test("--resume takes the run's own config and nothing beside it", () => {
  refused(cli("run", "--resume"), 2, "--out is missing", "--out DIR");
  refused(cli("run", "--resume", "--out", "absent"), 1, "absent: no manifest.json, so it is not a run");
  assert.not(readdirSync(folder).includes("absent"));
  mkdirSync(join(folder, "thesis"));
  writeFileSync(join(folder, "thesis", "thesis.tex"), "precious");
  refused(cli("sample", "--resume", "--out", "thesis"), 1, "thesis: no manifest.json");
  const config = join(folder, "beside.json");
  writeFileSync(config, "{}");
  for (const beside of [["--config", config], ["--quick"]]) {
    refused(
      cli("run", "--resume", "--out", "first", ...beside),
      2,
      "the run's own config",
      "leave --config and --quick out",
    );
  }
  assert.equal(readdirSync(join(folder, "thesis")), ["thesis.tex"]);
});

/** Starts the program, interrupts it once some unit is done, and gives its exit code. */
function interrupted(words: string[]): Promise<number | null> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [program, ...words], { cwd: folder });
    const out = words[words.indexOf("--out") + 1];
    const timer = setInterval(() => {
      try {
        const stores = readdirSync(out).filter((name) => /^samples_.*\.zarr$/.test(name));
        if (stores.some((name) => readFileSync(join(out, name, "zarr.json"), "utf8").includes('"completed"'))) {
          clearInterval(timer);
          child.kill("SIGINT");
        }
      } catch {
        // No unit yet.
      }
    }, 20);
    child.on("exit", (code) => {
      clearInterval(timer);
      done(code);
    });
  });
}

test("cluster takes any matrix", async () => {
  const matrix = join(folder, "matrix.npy");
  // Three tight groups of 40 in ten dimensions.
  const rows = Array.from({ length: 120 }, (_, i) =>
    Array.from({ length: 10 }, (_, c) => (c === Math.floor(i / 40) ? 5 : 0) + 0.1 * Math.sin(37 * i + 11 * c)),
  );
  const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (120, 10), }";
  const padded = `${header.padEnd(128 - 10 - 1)}\n`;
  const magic = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, padded.length & 255, padded.length >> 8]);
  writeFileSync(
    matrix,
    Buffer.concat([magic, Buffer.from(padded), Buffer.from(Float64Array.from(rows.flat()).buffer)]),
  );
  const out = join(folder, "clusters.jsonl");
  const run = cli("cluster", "--matrix", matrix, "--out", out, "--json");
  assert.is(run.status, 0, run.stderr);
  const clusters = readFileSync(out, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.is(clusters.length, JSON.parse(run.stdout).clusters);
  for (const { members } of clusters) {
    assert.is(new Set(members.map((row: number) => Math.floor(row / 40))).size, 1, "a cluster lies in one group");
  }
  refused(cli("cluster", "--matrix", matrix), 2, "--out");
  refused(cli("cluster"), 2, "run directory");
  refused(cli("cluster", join(folder, "absent")), 1, "absent");
});

test.run();
