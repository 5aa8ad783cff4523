/**
 * A process is killed while it samples, then a bit of some file that it left flips, or a file is gone: whoever goes on ends with the
 * bytes of a run that nobody touched, or is told which file it is and how to go on. `SPECTROSCOPE_KILLS` says how often.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { differingFiles, folderBytes, isResult } from "../test/folder-bytes";
import { program, runProgram } from "../test/program";
import { seededRandom } from "../test/random";
import { suite } from "../test/suite";

const test = suite("harness/cli/flip-resume", { gpu: true });
const folder = mkdtempSync(join(tmpdir(), "spectroscope-flip-"));
test.after(() => rmSync(folder, { recursive: true, force: true }));

const random = seededRandom(Number(process.env.SPECTROSCOPE_SEED ?? 5));
const kills = Number(process.env.SPECTROSCOPE_KILLS ?? 2);
const WORDS = [
  ...["sample", "--keep-traces", "--adapter", "wasm"],
  ...[
    ...["weight_restrictions=l1h0,l1h2.q", "probe_sequences=8", "pool_sequences=8", "neuron_groups=0"],
    ...["sampler.num_chains=2", "sampler.num_draws=40", "checkpoint_draws=4"],
    ...["controls.n_beta_zero=false", "controls.equal_rise=false"],
  ].flatMap((pair) => ["--set", pair]),
];

const files = (out: string) =>
  (existsSync(out) ? readdirSync(out, { recursive: true, encoding: "utf8" }) : []).filter(
    (name) => !name.split("/").at(-1)!.startsWith(".") && statSync(join(out, name)).isFile(),
  );

/** Samples, and dies once so many files are there. */
function killed(out: string, count: number): Promise<void> {
  return new Promise((done) => {
    const child = spawn(process.execPath, [program, ...WORDS, "--out", out], { cwd: folder, stdio: "ignore" });
    const timer = setInterval(() => {
      try {
        if (files(join(folder, out)).length >= count) child.kill("SIGKILL");
      } catch {
        // A file that goes while it is looked at.
      }
    }, 4);
    child.on("exit", () => {
      clearInterval(timer);
      done();
    });
  });
}

test(`killed ${kills} times, each time with another file damaged or lost: the same bytes, or the file by its name`, async (t) => {
  const whole = runProgram(folder, [...WORDS, "--out", "whole"]);
  assert.is(whole.status, 0, whole.stderr);
  const wanted = folderBytes(join(folder, "whole"), isResult);
  const total = Object.keys(wanted).length;
  let [anew, refused] = [0, 0];
  for (let i = 0; i < kills; i++) {
    const out = `killed ${i}`;
    const path = join(folder, out);
    await killed(out, 4 + Math.floor(0.9 * total * random.uniform()));
    const left = files(path).filter((name) => statSync(join(path, name)).size > 0);
    if (left.length === 0) continue;
    // Half of them are of the unit that was being sampled.
    const unfinished = left.filter(
      (name) => name.startsWith("checkpoints/") || !existsSync(join(path, name.split("/")[0], "sum_d")),
    );
    const choice = i % 2 === 0 && unfinished.length > 0 ? unfinished : left;
    const name = choice[random.integer(choice.length)];
    const lost = random.uniform() < 0.2 && name !== "manifest.json";
    if (lost) rmSync(join(path, name));
    else {
      const bytes = readFileSync(join(path, name));
      bytes[random.integer(bytes.length)] ^= 1 << random.integer(8);
      writeFileSync(join(path, name), bytes);
    }
    let again = runProgram(folder, [...WORDS, "--out", out]);
    const told = `${name}${lost ? " is lost" : ""}: ${again.stderr}`;
    if (again.status !== 0) {
      refused++;
      assert.is(again.status, 1, told);
      const line = again.stderr.split("\n").find((one) => one.startsWith("spectroscope: ")) ?? "";
      assert.ok(line.includes(name) && /delete/.test(line), told);
      // As it says.
      const [, store] = /delete (\S.*?\.zarr) to have/.exec(line) ?? [undefined, join(out, name)];
      rmSync(join(folder, store), { recursive: true });
      again = runProgram(folder, [...WORDS, "--out", out]);
      assert.is(again.status, 0, `${told}\n${again.stderr}`);
    } else if (/begins anew|computed again/.test(again.stderr)) {
      anew++;
      assert.ok(again.stderr.includes(name), told);
    }
    // Only who reads a file of a unit that was done finds what changed in it; `check` reads all.
    const check = runProgram(folder, ["check", out, "--json"]);
    const { faults } = JSON.parse(check.stdout) as { faults: { file: string }[] };
    for (const { file } of faults) assert.ok(file.includes(name), `${told}: ${file}`);
    if (faults.length > 0) {
      rmSync(join(path, name.split("/")[0]), { recursive: true });
      again = runProgram(folder, [...WORDS, "--out", out]);
      assert.is(again.status, 0, again.stderr);
    }
    assert.equal(differingFiles(folderBytes(path, isResult), wanted), [], told);
    rmSync(path, { recursive: true });
  }
  t.note(`${anew} units began anew, ${refused} files were refused`);
});

test.run();
